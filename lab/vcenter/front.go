package vcenter

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// requestLimit is the largest request that is read, in bytes.
const requestLimit = 4 << 20

// front stands before the simulator: it counts, lets faults of the road strike, and
// brings the machines up to the world before a call is carried out.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	if s.faults.holds(FaultDown, "") {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestLimit))
	if err != nil {
		http.Error(w, "the request cannot be read", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.Method != http.MethodPost {
		s.service.ServeMux.ServeHTTP(w, r)
		return
	}
	op := operationOf(body)
	s.stats.call(op.method)
	vm := s.nameOf(op.object)
	if cookie, err := r.Cookie(soap.SessionCookieName); err == nil {
		if _, lost := s.faults.strike(FaultSession, vm, op.method); lost {
			s.endSession(cookie.Value)
		}
	}
	if err := s.follow(s.context()); err != nil {
		s.cfg.Log.Error("vcenter: follow the world", "error", err)
	}
	answer := &held{header: http.Header{}, status: http.StatusOK}
	s.service.ServeMux.ServeHTTP(answer, r)
	if answer.status == http.StatusOK { // what was refused was not carried out
		if _, cut := s.faults.strike(FaultAnswer, vm, op.method); cut {
			panic(http.ErrAbortHandler)
		}
	}
	if f, slow := s.faults.strike(FaultSlow, vm, op.method); slow {
		s.holdBack(r, f.Delay)
	}
	answer.sendTo(w)
}

// holdBack waits for longer than a client does, until the faults are cleared or the
// client has gone.
func (s *Server) holdBack(r *http.Request, d time.Duration) {
	if d == 0 {
		d = 30 * time.Second
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.faults.done():
	case <-r.Context().Done():
	case <-s.closing.Done():
	}
}

// endSession makes vCenter forget a session.
func (s *Server) endSession(key string) {
	ctx := s.context()
	ctx.Session = &simulator.Session{} // not the one to be ended, which is refused
	s.registry().SessionManager().TerminateSession(ctx, &types.TerminateSession{SessionId: []string{key}})
}

// nameOf is the name of the machine that an object is or belongs to, or "".
func (s *Server) nameOf(ref types.ManagedObjectReference) string {
	switch o := s.registry().Get(ref).(type) {
	case *simulator.VirtualMachine:
		return o.Name
	case *simulator.VirtualMachineSnapshot:
		return s.nameOf(o.Vm)
	}
	return ""
}

// operation is what a SOAP request asks for.
type operation struct {
	method string
	object types.ManagedObjectReference
}

// operationOf reads the method and its object from a request; what cannot be read is
// empty, and the simulator answers it with a fault.
func operationOf(body []byte) operation {
	var envelope struct {
		Body struct {
			Call struct {
				XMLName xml.Name
				This    struct {
					Type  string `xml:"type,attr"`
					Value string `xml:",chardata"`
				} `xml:"_this"`
			} `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		return operation{}
	}
	call := envelope.Body.Call
	return operation{call.XMLName.Local, types.ManagedObjectReference{Type: call.This.Type, Value: strings.TrimSpace(call.This.Value)}}
}

// held is an answer that waits to be sent.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }

func (h *held) sendTo(w http.ResponseWriter) {
	for k, v := range h.header {
		w.Header()[k] = v
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // the client has gone when this does not succeed
}
