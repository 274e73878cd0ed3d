package winrm

import (
	"cmp"
	"context"
	"slices"

	"itmsbot/estate"
)

// Disks reads how full a host's fixed drives are, by name, and changes nothing.
func (f *Fleet) Disks(ctx context.Context, host string, lane estate.Lane) (estate.Disks, error) {
	var answer estate.Disks
	err := f.Run(ctx, host, lane, f.scripts.diskRead, nothing{}, &answer)
	slices.SortFunc(answer.Disks, func(a, b estate.Disk) int { return cmp.Compare(a.Name, b.Name) })
	return answer, err
}
