package store

import (
	"fmt"
	"syscall"
)

// remote are the file systems, by the magic number of statfs(2), on which
// SQLite's locks or its shared memory cannot be relied on.
var remote = map[int64]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xfe534d42: "SMB",
	0xff534d42: "CIFS",
	0x65735546: "FUSE",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x7461636f: "OCFS2",
	0x01161970: "GFS2",
	0x564c:     "NCP",
	0x73757245: "Coda",
	0x786f4256: "a VirtualBox shared folder",
}

// localDisk refuses a directory whose file system is not local.
func localDisk(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return fmt.Errorf("file system of %s: %w", dir, err)
	}
	// The field is signed and 32 bits wide on some machines.
	return localKind(dir, int64(uint32(s.Type)))
}

func localKind(dir string, magic int64) error {
	if kind, ok := remote[magic]; ok {
		return fmt.Errorf("%s is on %s, where two bots could write one trail: keep the database on a local disk", dir, kind)
	}
	return nil
}
