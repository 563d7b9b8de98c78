// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

// side is one of the two things compared.
type side struct {
	name  string
	conn  *ubus.Conn
	label map[string]string // Session id → the name it has in the test.
	id    map[string]string
}

func newSide(t *testing.T, name, socket string) *side {
	t.Helper()
	c := ubustest.Dial(t, socket)
	return &side{name: name, conn: c, label: map[string]string{}, id: map[string]string{}}
}

// call returns the replies and the status as text in which session ids are
// replaced by their labels, and the id of the session of the first reply.
func (s *side) call(t *testing.T, method string, args ubus.Table) (out []string, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	sent := ubus.Table{}
	for name, v := range args {
		if text, ok := v.(string); ok && s.id[text] != "" {
			v = s.id[text]
		}
		sent[name] = v
	}
	err := s.conn.CallEach(ctx, "session", method, sent, func(payload []byte) error {
		o, err := ubus.DecodeOrdered(payload)
		if err != nil {
			return err
		}
		for i, p := range o {
			switch p.Name {
			case "ubus_rpc_session":
				id = p.Value.(string)
				if s.label[id] != "" {
					o[i].Value = s.label[id]
				} else {
					o[i].Value = fmt.Sprintf("new session, id of %d", len(id))
				}
			case "expires":
				// Seconds pass between the two.
				n := p.Value.(int64)
				o[i].Value = fmt.Sprintf("about %d", (n+5)/10*10)
			}
		}
		out = append(out, show(o))
		return nil
	})
	sort.Strings(out) // `list` is in the order of the ids, which are random.
	var status ubus.Status
	switch {
	case errors.As(err, &status):
		out = append(out, status.Error())
	case err != nil:
		t.Fatalf("%s: session %s: %v", s.name, method, err)
	}
	return out, id
}

// show prints values with their types, in their order.
func show(v any) string {
	switch v := v.(type) {
	case ubus.Ordered:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = fmt.Sprintf("%q: %s", p.Name, show(p.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = show(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

type pair struct{ real, standIn *side }

// do makes a call on both sides and compares. label names the session that
// the reply shows.
func (p *pair) do(t *testing.T, label, method string, args ubus.Table) {
	t.Helper()
	want, realID := p.real.call(t, method, args)
	got, standInID := p.standIn.call(t, method, args)
	if !reflect.DeepEqual(want, got) {
		only := func(these, those []string) string {
			var left []string
			for _, line := range these {
				if !slices.Contains(those, line) {
					left = append(left, fmt.Sprintf("%.2000s", line))
				}
			}
			return strings.Join(left, "\n           ")
		}
		t.Errorf("session %s %.200v differs; make the stand-in do what rpcd does:\n rpcd:     %s\n stand-in: %s",
			method, args, only(want, got), only(got, want))
	}
	if label != "" {
		p.real.label[realID], p.real.id[label] = label, realID
		p.standIn.label[standInID], p.standIn.id[label] = label, standInID
	}
}

func objects(pairs ...any) []any { return pairs }
