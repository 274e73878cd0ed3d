package winrm

import (
	"cmp"
	"context"
	"slices"
	"time"

	"itmsbot/estate"
)

// Evidence reads what of a host a revert would erase, and changes nothing. It may take a
// minute. What cannot be read is in Missed and no error; a query outside the limits of
// estate.EvidenceQuery is refused by the host, as estate.Failed.
func (f *Fleet) Evidence(ctx context.Context, host string, lane estate.Lane, q estate.EvidenceQuery) (estate.Evidence, error) {
	q.Kinds, q.Since = list(q.Kinds), q.Since.UTC().Truncate(time.Second)
	var answer estate.Evidence
	err := f.Run(ctx, host, lane, f.scripts.evidenceRead, q, &answer)
	slices.SortStableFunc(answer.Files, func(a, b estate.EvidenceFile) int {
		return cmp.Compare(slices.Index(q.Kinds, a.Kind), slices.Index(q.Kinds, b.Kind))
	})
	return answer, err
}
