package winrm

import (
	"context"

	"itmsbot/estate"
)

// ReadIIS counts on a host who has reached its IIS, and changes nothing. It may take a
// minute, and what it had no time for is said of the sites. A host without IIS says so;
// that is no error. A query outside the limits of estate.IISQuery is refused by the
// host, as estate.Failed.
func (f *Fleet) ReadIIS(ctx context.Context, host string, lane estate.Lane, q estate.IISQuery) (estate.IISLog, error) {
	var answer estate.IISLog
	err := f.Run(ctx, host, lane, f.scripts.iisRead, q, &answer)
	return answer, err
}
