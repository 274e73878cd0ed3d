package store

import (
	"fmt"
	"strings"
	"testing"
)

func TestOnlyLocalDisks(t *testing.T) {
	for magic, kind := range map[int64]string{
		0x6969: "NFS", 0xff534d42: "CIFS", 0x65735546: "FUSE",
		0xef53: "", 0x58465342: "", 0x9123683e: "", 0x01021994: "", 0x794c7630: "", // ext4, XFS, btrfs, tmpfs, overlay
	} {
		err := localKind("/data", magic)
		if kind == "" && err != nil || kind != "" && !strings.Contains(fmt.Sprint(err), "/data is on "+kind) {
			t.Errorf("%#x: %v, want %q", magic, err, kind)
		}
	}
	if err := localDisk("/nowhere"); err == nil {
		t.Error("a directory that is not there was taken for a local one")
	}
}
