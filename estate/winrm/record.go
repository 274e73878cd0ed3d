package winrm

import (
	"cmp"
	"context"
	"slices"

	"itmsbot/estate"
)

// nothing are the arguments of a script that takes none.
type nothing struct{}

// Record reads what is written down of a host before an upgrade, and changes nothing.
// It may take a minute where the host's domain does not answer.
func (f *Fleet) Record(ctx context.Context, host string, lane estate.Lane) (estate.HostRecord, error) {
	var answer estate.HostRecord
	err := f.Run(ctx, host, lane, f.scripts.hostRecord, nothing{}, &answer)
	slices.SortFunc(answer.Networks, func(a, b estate.Network) int { return cmp.Compare(a.Interface, b.Interface) })
	slices.SortFunc(answer.Services, func(a, b estate.Service) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(answer.Products, func(a, b estate.Product) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code))
	})
	return answer, err
}
