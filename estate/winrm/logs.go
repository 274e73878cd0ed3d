package winrm

import (
	"context"

	"itmsbot/estate"
)

// ReadLogs groups the errors of a host's logs on the host and changes nothing. It may
// take a minute, and what it had no time for is said in its sources. A query outside
// the limits of estate.LogQuery is refused by the host, as estate.Failed.
func (f *Fleet) ReadLogs(ctx context.Context, host string, lane estate.Lane, q estate.LogQuery) (estate.LogReview, error) {
	var answer estate.LogReview
	err := f.Run(ctx, host, lane, f.scripts.logRead, q, &answer)
	return answer, err
}
