package vsphere

import "context"

// KeepAlive is one turn of Run.
func (v *VCenter) KeepAlive(ctx context.Context) { v.keepAlive(ctx) }
