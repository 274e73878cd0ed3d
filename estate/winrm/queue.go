package winrm

import (
	"context"

	"itmsbot/estate"
)

// QueueFiles counts the files of the event queue on an SMP and changes nothing. On a
// host without Notification Server it is estate.Failed and not an empty queue.
func (f *Fleet) QueueFiles(ctx context.Context, host string, lane estate.Lane) (estate.QueueFiles, error) {
	var answer estate.QueueFiles
	err := f.Run(ctx, host, lane, f.scripts.queueRead, struct {
		Cap      int      `json:"cap"`
		Services []string `json:"services"`
	}{estate.QueueCap, estate.EventServices()}, &answer)
	return answer, err
}
