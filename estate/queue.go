package estate

import (
	"fmt"
	"slices"
	"strings"
)

// QueueCap is how many files of a folder are counted. More is not a number that
// anybody waits for, and counting takes time.
const QueueCap = 100_000

// QueueFiles is one look at what of the SMP's event queue is not in the database
// (1.4 item 2). Rows and files are not to be added up: the files of EvtQueue may be
// the bodies of events whose rows wait in the database (itms.md §1).
type QueueFiles struct {
	Answer
	// Path is the folder of the queue, from the value EventQueuePath; PathDefault
	// says that there is no such value.
	Path        string        `json:"path"`
	PathDefault bool          `json:"path_default"`
	Folders     []QueueFolder `json:"folders"`
	// Services are those of EventServices that are installed.
	Services []Service `json:"services"`
	// Flushes is FlushAgentEvents: agents are told to throw their events away.
	Flushes bool `json:"flushes"`
	// Paused is PauseActivities: the SMP leaves its queue alone.
	Paused bool `json:"paused"`
}

// QueueFolder is one folder of the queue.
type QueueFolder struct {
	Name string `json:"name"` // EvtInbox, EvtQueue
	// There reports whether the folder exists. Files of a folder that does not
	// are 0 and mean nothing.
	There bool `json:"there"`
	// Files counts *.nse below the folder; Capped says that there are more.
	Files  int  `json:"files"`
	Capped bool `json:"capped"`
}

// EventServices are the services without which the queue stands still, so that
// "nothing came in" means nothing (itms.md §1).
func EventServices() []string {
	return []string{"AeXSvc", "AltirisClientMsgDispatcher", "AltirisReceiverService", "EventEngine", "EventReceiver"}
}

// Files counts the files of all folders.
func (q QueueFiles) Files() int {
	n := 0
	for _, f := range q.Folders {
		n += f.Files
	}
	return n
}

// Doubts says in sentences why the number of files does not tell whether events
// wait. Empty is what a wait for the queue needs.
func (q QueueFiles) Doubts() []string {
	var doubts []string
	if len(q.Folders) == 0 {
		doubts = append(doubts, "no folder of the queue was looked at")
	}
	for _, f := range q.Folders {
		if !f.There {
			doubts = append(doubts, fmt.Sprintf(`the folder %s\%s does not exist`, q.Path, f.Name))
		}
	}
	for _, name := range EventServices() {
		i := slices.IndexFunc(q.Services, func(s Service) bool { return strings.EqualFold(s.Name, name) })
		switch {
		case i < 0:
			doubts = append(doubts, fmt.Sprintf("the service %s is not installed", name))
		case !q.Services[i].Running():
			doubts = append(doubts, fmt.Sprintf("the service %s is %s", name, q.Services[i].State))
		}
	}
	if q.Flushes {
		doubts = append(doubts, "FlushAgentEvents is set: agents throw their events away")
	}
	if q.Paused {
		doubts = append(doubts, "PauseActivities is set: the SMP leaves its queue alone")
	}
	return doubts
}
