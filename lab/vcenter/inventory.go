package vcenter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const gib = int64(1) << 30

// store is a datastore as it is before any snapshot.
type store struct {
	name           string
	capacity, free int64 // bytes
}

// stores are the datastores, in the order in which the simulator makes them.
func storesAtStart() []store {
	return []store{{"LocalDS_0", 8192 * gib, 2310 * gib}, {"LocalDS_1", 4096 * gib, 1480 * gib}}
}

// mirror is the copy of the SMP that the method recommends; by its name it is easily
// taken for the SMP itself.
const mirror = "SMP1-mirror"

// machineSpec is a machine to make.
type machineSpec struct {
	name, folder, uuid string
	host               string // of the world, where it is one
	disks              []int  // GB
	off                bool
	change             func(*simulator.VirtualMachine)
}

// building holds one token, for whoever builds: the simulator writes to variables of
// its own package while it makes a model (LicenseManager.init), so that two servers
// cannot be built at the same time. It is the only thing that servers share.
var building = make(chan struct{}, 1)

// build makes the data centre. It speaks to the simulator in process; the handler
// that stands for the real product is put in front only afterwards.
func (s *Server) build() error {
	building <- struct{}{}
	defer func() { <-building }()
	m := simulator.VPX()
	m.Host, m.Machine, m.ClusterHost, m.Datastore, m.Portgroup, m.Autostart = 0, 0, 1, len(storesAtStart()), 0, false
	s.model = m
	if err := m.Create(); err != nil {
		return err
	}
	s.service = m.Service
	c, err := vim25.NewClient(s.closing, s.service)
	if err != nil {
		return err
	}
	if err := s.buildMachines(c); err != nil {
		return err
	}
	s.service.Listen = s.listenURL()
	s.registry().SessionManager().ServiceHostName = s.listener.Addr().String()
	s.service.RegisterSDK(s.registry(), vim25.Path+"/vimService")
	s.service.ServeMux.HandleFunc(vim25.Path+"/vimServiceVersions.xml", s.service.ServiceVersions)
	s.registry().Handler = s.handle
	return s.follow(s.context())
}

func (s *Server) registry() *simulator.Registry { return s.service.Context.Map }

// context is one on whose behalf objects are locked.
func (s *Server) context() *simulator.Context {
	return &simulator.Context{Context: s.closing, Map: s.registry()}
}

func (s *Server) buildMachines(c *vim25.Client) error {
	ctx := s.closing
	f := find.NewFinder(c)
	dc, err := f.DefaultDatacenter(ctx)
	if err != nil {
		return err
	}
	f.SetDatacenter(dc)
	if err := s.buildStores(f); err != nil {
		return err
	}
	folders, err := dc.Folders(ctx)
	if err != nil {
		return err
	}
	pool, err := f.ResourcePool(ctx, "DC0_C0/Resources")
	if err != nil {
		return err
	}
	made := map[string]*object.Folder{}
	ended := &endings{Self: types.ManagedObjectReference{Type: "Endings", Value: "endings"}, tasks: make(chan types.TaskInfo, 1)}
	s.registry().AddHandler(ended)
	defer s.registry().RemoveHandler(ended)
	for i, spec := range s.machines() {
		if made[spec.folder] == nil {
			if made[spec.folder], err = folders.VmFolder.CreateFolder(ctx, spec.folder); err != nil {
				return fmt.Errorf("folder %s: %w", spec.folder, err)
			}
		}
		where := storesAtStart()[0].name
		if spec.host == "" {
			where = storesAtStart()[i%len(storesAtStart())].name
		}
		if _, err := made[spec.folder].CreateVM(ctx, spec.config(where), pool, nil); err != nil {
			return fmt.Errorf("machine %s: %w", spec.name, err)
		}
		// One after the other: the simulator races when it creates two at once.
		if err := s.complete(<-ended.tasks, spec); err != nil {
			return fmt.Errorf("machine %s: %w", spec.name, err)
		}
	}
	return nil
}

// buildStores gives the datastores sizes that can run out.
func (s *Server) buildStores(f *find.Finder) error {
	ctx := s.context()
	for _, st := range storesAtStart() {
		d, err := f.Datastore(ctx, st.name)
		if err != nil {
			return err
		}
		s.stores[d.Reference()] = st
	}
	return nil
}

// config is what the simulator makes a machine of.
func (m machineSpec) config(datastore string) types.VirtualMachineConfigSpec {
	return types.VirtualMachineConfigSpec{
		Name: m.name, GuestId: "windows2019srv_64Guest", NumCPUs: 4, MemoryMB: 16384, Uuid: m.uuid,
		Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + datastore + "]"},
		DeviceChange: m.devices(datastore),
	}
}

// endings hears of the tasks that end, sooner than a client that waits for them.
type endings struct {
	Self  types.ManagedObjectReference
	tasks chan types.TaskInfo
}

func (e *endings) Reference() types.ManagedObjectReference                       { return e.Self }
func (e *endings) PutObject(*simulator.Context, mo.Reference)                    {}
func (e *endings) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}
func (e *endings) UpdateObject(_ *simulator.Context, o mo.Reference, _ []types.PropertyChange) {
	if t, ok := o.(*mo.Task); ok && (t.Info.State == types.TaskInfoStateSuccess || t.Info.State == types.TaskInfoStateError) {
		e.tasks <- t.Info
	}
}

// complete gives a machine that was made what the simulator leaves out.
func (s *Server) complete(made types.TaskInfo, spec machineSpec) error {
	ctx := s.context()
	ref, ok := made.Result.(types.ManagedObjectReference)
	if !ok {
		return fmt.Errorf("its creation ended with %v", made.Error)
	}
	vm, err := s.vm(ref)
	if err != nil {
		return err
	}
	ctx.WithLock(vm, func() {
		vm.Guest.HostName = spec.name
		setPower(vm, spec.host == "" && !spec.off)
		var size int64
		for _, gb := range spec.disks {
			size += int64(gb) * gib
		}
		vm.Summary.Storage.Committed, vm.Summary.Storage.Uncommitted = size/2, size-size/2
		if spec.change != nil {
			spec.change(vm)
		}
	})
	switch {
	case spec.host != "":
		s.bound[ref] = spec.host
		s.files[ref] = *vm.LayoutEx
	case spec.name == mirror:
		s.clone = ref
	}
	return nil
}

// devices are thin disks on a SCSI controller.
func (m machineSpec) devices(datastore string) []types.BaseVirtualDeviceConfigSpec {
	const controller = 1000
	list := []types.BaseVirtualDeviceConfigSpec{added(&types.ParaVirtualSCSIController{VirtualSCSIController: types.VirtualSCSIController{
		SharedBus:         types.VirtualSCSISharingNoSharing,
		VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: controller}},
	}}, "")}
	for i, gb := range m.disks {
		backing := &types.VirtualDiskFlatVer2BackingInfo{DiskMode: string(types.VirtualDiskModePersistent), ThinProvisioned: types.NewBool(true)}
		backing.FileName = fmt.Sprintf("[%s] %s/%s.vmdk", datastore, m.name, m.name)
		if i > 0 {
			backing.FileName = fmt.Sprintf("[%s] %s/%s_%d.vmdk", datastore, m.name, m.name, i)
		}
		d := &types.VirtualDisk{CapacityInKB: int64(gb) << 20, CapacityInBytes: int64(gb) * gib}
		d.Key, d.ControllerKey, d.UnitNumber, d.Backing = -1-int32(i), controller, types.NewInt32(int32(i)), backing
		list = append(list, added(d, types.VirtualDeviceConfigSpecFileOperationCreate))
	}
	return list
}

func added(d types.BaseVirtualDevice, file types.VirtualDeviceConfigSpecFileOperation) types.BaseVirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: d, FileOperation: file}
}

// machines lists the forty-four.
func (s *Server) machines() []machineSpec {
	var list []machineSpec
	sizes := map[string][]int{}
	for _, h := range s.cfg.World.Truth().Hosts {
		for _, d := range h.Disks {
			sizes[h.Name] = append(sizes[h.Name], d.SizeGB)
		}
	}
	for _, m := range s.cfg.World.Machines() {
		list = append(list, machineSpec{name: m.Host, folder: "ITMS", uuid: m.BIOS, host: m.Host, disks: sizes[m.Host]})
	}
	list = append(list, machineSpec{name: mirror, folder: "ITMS", uuid: uuidOf(mirror), disks: sizes["SMP1"], off: true})
	for _, name := range s.neighbours() {
		spec := machineSpec{name: name, folder: "Servers", uuid: uuidOf(name), disks: []int{80}}
		switch name {
		case "CLUSQL1", "CLUSQL2":
			spec.change = func(vm *simulator.VirtualMachine) { shareBus(vm) }
		case "TEST1", "TEST2":
			spec.folder, spec.off = "Test", true
		}
		list = append(list, spec)
	}
	return list
}

// neighbours are the names of the machines that have nothing to do with ITMS.
func (s *Server) neighbours() []string {
	names := []string{
		"CLUSQL1", "CLUSQL2", "TEST1", "DC1", "DC2", "DNS1", "DHCP1", "CA1", "ADFS1", "FILE1",
		"FILE2", "FILE3", "PRINT1", "EXCH1", "EXCH2", "WEB1", "WEB2", "WEB3", "APP1", "APP2",
		"APP3", "APP4", "APP5", "ORA1", "SAP1", "SAP2", "WSUS1", "MON1", "LOG1", "BACKUP1",
		"JUMP1", "VDI1", "VDI2", "VDI3", "LIC1", "NTP1", "PROXY1", "WIKI1", "TEST2",
	}
	n := s.cfg.Neighbours
	switch {
	case n < 0:
		return nil
	case n == 0:
		return names
	}
	for i := len(names); i < min(n, 200); i++ {
		names = append(names, fmt.Sprintf("SRV%d", i+1))
	}
	return names[:min(n, 200)]
}

// shareBus makes a machine a node of a failover cluster, of which no snapshot can be
// taken.
func shareBus(vm *simulator.VirtualMachine) {
	for _, d := range vm.Config.Hardware.Device {
		if c, ok := d.(*types.ParaVirtualSCSIController); ok {
			c.SharedBus = types.VirtualSCSISharingPhysicalSharing
		}
	}
}

// uuidOf is a BIOS UUID that stays the same from start to start.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte("practice vCenter " + name))
	h := hex.EncodeToString(sum[:16])
	return "4211" + h[4:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}
