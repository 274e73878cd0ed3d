package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"

	"itmsbot/lab/slack"
)

// maxCall bounds the body of a call; the longest is a filled form.
const maxCall = 64 << 10

// policy lets the page load, run and reach nothing but the lab itself. There is
// no inline script or style on it.
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// guard lets in who asks for this machine by a loopback name, so that no name
// which an attacker points here works (DNS rebinding), and of scripts only the
// page's own. Programs that send no Origin are welcome: the lab is for tools too.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		origin := r.Header.Get("Origin")
		switch {
		case !loopback(r.Host):
			writeRefusal(w, refusef(http.StatusForbidden, "The lab answers to 127.0.0.1 and localhost alone, not to %q.", r.Host))
		case origin != "" && origin != "http://"+r.Host:
			writeRefusal(w, refusef(http.StatusForbidden, "A page of %s may not use the lab.", origin))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// loopback reports whether a Host header names this machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// refusal is a call that the lab declines, with a sentence for people.
type refusal struct {
	Status int               `json:"-"`
	Reason string            `json:"error"`
	Code   string            `json:"code,omitempty"`   // Slack's own word
	Fields map[string]string `json:"fields,omitempty"` // a form's errors by block_id
}

func (e *refusal) Error() string { return e.Reason }

func refusef(status int, format string, args ...any) *refusal {
	return &refusal{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// answer makes a handler of a call that returns what to say as JSON.
func answer(call func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := call(r)
		if err != nil {
			writeRefusal(w, asRefusal(err))
			return
		}
		writeJSON(w, http.StatusOK, body)
	})
}

// asRefusal turns what a call returned into what its caller reads. An error that
// has no case of its own says what was wrong with the call.
func asRefusal(err error) *refusal {
	var (
		own         *refusal
		declined    *slack.Refused
		notAnswered *slack.NotAnswered
		fields      *slack.ViewErrors
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &declined):
		return &refusal{Status: http.StatusConflict, Reason: declined.Reason}
	case errors.As(err, &notAnswered):
		return &refusal{Status: http.StatusGatewayTimeout, Reason: notAnswered.Reason, Code: notAnswered.Reason}
	case errors.As(err, &fields):
		return &refusal{Status: http.StatusUnprocessableEntity, Reason: "The form was not accepted.", Fields: fields.Blocks}
	case errors.Is(err, slack.ErrClosed):
		return refusef(http.StatusServiceUnavailable, "The lab is closing.")
	}
	return refusef(http.StatusBadRequest, "%s", err)
}

func writeRefusal(w http.ResponseWriter, e *refusal) { writeJSON(w, e.Status, e) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client being gone is its own affair.
	_ = json.NewEncoder(w).Encode(body)
}

// readCall reads the one JSON object of a call. A form cannot be sent as one by a
// foreign page without asking first, which the lab never allows.
func readCall(r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return refusef(http.StatusUnsupportedMediaType, "Send application/json.")
	}
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxCall))
	dec.DisallowUnknownFields()
	err = dec.Decode(into)
	if err == nil {
		_, err = dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.Join(errors.New("something follows the object"), err)
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		return refusef(http.StatusRequestEntityTooLarge, "A call has at most %d kB.", maxCall>>10)
	}
	return refusef(http.StatusBadRequest, "The call cannot be read: %s.", err)
}
