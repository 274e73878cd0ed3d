package wsman

import (
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

type searchOrder struct {
	Path    string `json:"path"`
	Cap     int    `json:"cap"`
	Seconds int    `json:"seconds"`
}

func TestFileNewest(t *testing.T) {
	h := newHost(t, "SMP1")
	order := searchOrder{world.FileBackups, 1000, 10}
	var n estate.NewestFile
	h.call("file-newest", order, &n)
	if !n.Whole() || n.Files != 6 || n.Newest == nil || n.Newest.Age().Truncate(time.Hour) != 4*time.Hour || n.Newest.Size == 0 {
		t.Errorf("the lab's backup is %+v, newest %+v", n, n.Newest)
	}
	h.set(world.Condition{Field: "files-age", Host: "SMP1", Number: number(30)})
	h.call("file-newest", order, &n)
	if n.Newest.Age() != 30*time.Hour {
		t.Errorf("age %s, want 30 h", n.Newest.Age())
	}
	h.set(world.Condition{Field: "file", Host: "SMP1", Name: `d:\backup\ITMS\new.zip`, Number: number(0)})
	h.world.Advance(time.Minute)
	order.Path += `\` // the way it is written means nothing
	n = estate.NewestFile{}
	h.call("file-newest", order, &n)
	if n.Newest.Age() != time.Minute || n.Newest.Size != 0 || n.Files != 7 {
		t.Errorf("%+v, newest %+v, want the new and empty file", n, n.Newest)
	}
	order.Cap = 2
	n = estate.NewestFile{}
	h.call("file-newest", order, &n)
	if n.Whole() || n.Stopped != "files" || n.Files != 2 {
		t.Errorf("%+v, want two files and that it stopped", n)
	}
	h.set(world.Condition{Field: "files-gone", Host: "SMP1", Name: `D:\Backup`})
	n = estate.NewestFile{}
	h.call("file-newest", searchOrder{world.FileBackups, 10, 10}, &n)
	if n.There || n.Newest != nil || n.Whole() {
		t.Errorf("%+v, want no folder", n)
	}
}

func TestFileNewestRefuses(t *testing.T) {
	h := newHost(t, "SMP1")
	for _, order := range []searchOrder{
		{`\\files\backup`, 10, 10}, {`Backup`, 10, 10}, {`D:Backup`, 10, 10}, {`D:\`, 10, 10}, {`\\?\D:\Backup`, 10, 10},
		{`D:\\files`, 10, 10}, {world.FileBackups, 0, 10}, {world.FileBackups, 10, 0},
	} {
		err := h.try("file-newest", order, new(estate.NewestFile))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%+v: err = %v, want an ArgumentException", order, err)
		}
	}
}
