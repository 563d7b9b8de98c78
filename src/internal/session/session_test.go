// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/internal/acl"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/lab/rpcd"
)

// router is a broker with rpcd's session object.
func router(t *testing.T) (*ubusd.Broker, *rpcd.RPCD, *Manager) {
	t.Helper()
	root := t.TempDir()
	socket := filepath.Join(root, "ubus.sock")
	broker, err := ubusd.Start(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	daemon := rpcd.New(root)
	daemon.Register(broker)
	manager := NewManager(socket, filepath.Join(root, "run", "sessions"), filepath.Join(root, "etc", "secret.key"))
	t.Cleanup(manager.Close)
	return broker, daemon, manager
}

func someone() Login {
	return Login{
		Role: "admin", Timeout: 600 * time.Second, Subject: "s", Name: "n", Issuer: "https://id.example",
		IDToken: secret.New("header.claims.signature"), Token: secret.New("0123456789abcdef0123456789abcdef"), At: time.Unix(1700000000, 0),
		Grants: acl.Grants{"ubus": {{Object: "uci", Function: "get"}, {Object: "uci", Function: "set"}}, "access-group": {{Object: "luci-base", Function: "read"}}},
	}
}

// made counts the sessions besides rpcd's default one.
func made(daemon *rpcd.RPCD) int { return len(daemon.Snapshot()) - 1 }

func TestCreateFindListDestroy(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	ctx := context.Background()
	id, err := manager.Create(ctx, someone())
	if err != nil {
		t.Fatal(err)
	}
	session, ok, err := manager.Find(ctx, id.Reveal())
	if err != nil || !ok || !session.SSO() || session.User != "sso:admin" || session.Login.Unix() != 1700000000 || session.IDToken.Reveal() != "header.claims.signature" {
		t.Errorf("Find = %+v, %t, %v", session, ok, err)
	}
	list, cut, err := manager.List(ctx)
	if err != nil || cut || len(list) != 1 || list[0].Expires <= 590*time.Second || list[0].Expires > 600*time.Second {
		t.Errorf("List = %+v, %v, want the one session with 600 s to live", list, err)
	}
	for range 2 { // The second time there is nothing left to do.
		if err := manager.Destroy(ctx, id); err != nil {
			t.Errorf("Destroy: %v", err)
		}
	}
	if _, ok, err := manager.Find(ctx, id.Reveal()); ok || err != nil {
		t.Errorf("Find after Destroy = %t, %v", ok, err)
	}
	if n := made(daemon); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestFindRefusesWhatIsNoID(t *testing.T) {
	t.Parallel()
	manager := NewManager("/nonexistent", "/nonexistent", "/nonexistent")
	for _, id := range []string{"", "short", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"} {
		if _, ok, err := manager.Find(context.Background(), id); ok || err != nil {
			t.Errorf("Find(%q) = %t, %v, want nothing found without asking rpcd", id, ok, err)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method string
		fault  ubusd.Fault
		want   fault.Code
	}{
		"create refused":       {"create", ubusd.Fault{Status: ubus.PermissionDenied}, fault.UbusLoginFailed},
		"create without reply": {"create", ubusd.Fault{Hang: true}, fault.UbusError},
		"connection dropped":   {"create", ubusd.Fault{Drop: true}, fault.UbusError},
		"set refused":          {"set", ubusd.Fault{Status: ubus.UnknownError}, fault.UbusSessionFailed},
		"grant refused":        {"grant", ubusd.Fault{Status: ubus.UnknownError}, fault.UbusSessionFailed},
		"grant never answered": {"grant", ubusd.Fault{Hang: true}, fault.UbusSessionFailed},
		"dropped in the grant": {"grant", ubusd.Fault{Drop: true}, fault.UbusSessionFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker, daemon, manager := router(t)
			broker.SetFault(object, c.method, c.fault)
			id, err := manager.Create(context.Background(), someone())
			if !fault.Is(err, c.want) || !id.Empty() {
				t.Errorf("Create = %v, %v, want %s and no session", id.Empty(), err, c.want)
			}
			if n := made(daemon); n != 0 {
				t.Errorf("%d half-made sessions are left: %+v", n, daemon.Snapshot())
			}
		})
	}
	if _, err := NewManager(filepath.Join(t.TempDir(), "none"), t.TempDir(), filepath.Join(t.TempDir(), "secret.key")).Create(context.Background(), someone()); !fault.Is(err, fault.UbusConnectFailed) {
		t.Errorf("without a broker: %v, want UBUS_CONNECT_FAILED", err)
	}
}

// rpcd's reload swallows calls: the login goes on all the same.
func TestAnswerLostOnce(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"create", "grant"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			broker, _, manager := router(t)
			broker.SetFault(object, method, ubusd.Fault{Hang: true, Times: 1})
			id, err := manager.Create(context.Background(), someone())
			if err != nil || id.Empty() {
				t.Errorf("Create = %v although only one answer was lost", err)
			}
		})
	}
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": time.Hour,
		"config internal sauth\n option sessiontime 900\n":        900 * time.Second,
		"config internal sauth\n option sessiontime 0\n":          time.Hour,
		"config internal sauth\n option sessiontime x\n":          time.Hour,
		"config internal sauth\n option sessiontime 9999999999\n": time.Hour,
		"config internal sauth\n option sessiontime 2147483\n":    2147483 * time.Second,
		"config internal sauth\n option sessiontime 2592000\n":    2147483 * time.Second,
		"config internal sauth\n":                                 time.Hour,
		"broken '":                                                time.Hour,
	} {
		path := filepath.Join(t.TempDir(), "luci")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := IdleTimeout(path); got != want {
			t.Errorf("IdleTimeout of %q = %v, want %v", text, got, want)
		}
	}
}
