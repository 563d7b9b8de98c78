// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"router": "https://router", "Router.LAN:8443": "https://router.lan:8443", "router:443": "https://router", "router:0443": "https://router",
		"router.lan.": "https://router.lan.", "192.168.1.1": "https://192.168.1.1", "192.168.1.1:443": "https://192.168.1.1",
		"[FD00:0::1]": "https://[fd00::1]", "[fe80::1]:8443": "https://[fe80::1]:8443", "my_router": "https://my_router", "xn--rter-5qa.lan": "https://xn--rter-5qa.lan",
		"1and1.example": "https://1and1.example", "0xff.example": "https://0xff.example", "beef": "https://beef",
	} {
		if got, ok := Parse(text); !ok || got.Origin() != want {
			t.Errorf("Parse(%q) = %v, %t, want %s", text, got.Origin(), ok, want)
		}
	}
	for _, text := range []string{
		"", ".", "a b", "a/b", "a@b", "a:0", "a:99999", "a:", "a:1:2", "[::1", "::1", "fd00::1", "[fe80::1%25eth0]", "[fe80::1%eth0]", "a\r\nb", "a?b", "a#b", "ä",
		strings.Repeat("a", 64), strings.Repeat("abc.", 64), "[1.2.3.4]", "a..b", ".a", "a..", ":443", "[]",
		// IPv4 addresses that a browser would have rewritten.
		"3232235777", "0xc0a80101", "192.168.257", "0x7f.1", "192.168.1.01", "192.168.1.1.", "router.1", "router.0x",
	} {
		if got, ok := Parse(text); ok {
			t.Errorf("Parse(%q) = %v: nothing but a host as browsers write it may become part of a URL", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"router", "a:1", "[::1]:443", "1.2.3.4", "a.", "0x1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := Parse(text)
		if !ok {
			return
		}
		if strings.ContainsAny(a.String(), "/?#@\\ \r\n\x00%") {
			t.Errorf("%q lets a path or user in: %q", text, a)
		}
		if again, ok := Parse(a.String()); !ok || again != a {
			t.Errorf("%q becomes %q, that becomes %q: a browser sent from one to the other would go round", text, a, again)
		}
	})
}

// facts are of a router with LAN, WAN and VPN, in a fleet.
var facts = Facts{
	Local: func(ip netip.Addr) bool {
		return slices.Contains([]string{"127.0.0.1", "192.168.1.1", "203.0.113.5", "10.9.0.1", "fd00::1", "fe80::1"}, ip.String())
	},
	Names: func() []string { return []string{"OpenWrt", "OpenWrt.lan"} },
	Resolve: func(_ context.Context, name string) []netip.Addr {
		return map[string][]netip.Addr{
			"router-a.example.com": {netip.MustParseAddr("203.0.113.5")},
			"mapped.example.com":   {netip.MustParseAddr("::ffff:192.168.1.1")},
			"router-b.example.com": {netip.MustParseAddr("203.0.113.6")},
			"two.example.com":      {netip.MustParseAddr("203.0.113.6"), netip.MustParseAddr("fd00::1")},
		}[name]
	},
}

func TestDecideWithoutRedirectURI(t *testing.T) {
	t.Parallel()
	listed := []string{"proxy.example.com", "natted.example.com:8443", "198.51.100.7"}
	for host, want := range map[string]string{
		"192.168.1.1": "https://192.168.1.1", "203.0.113.5:8443": "https://203.0.113.5:8443", "10.9.0.1": "https://10.9.0.1",
		"[fd00::1]": "https://[fd00::1]", "[::ffff:192.168.1.1]": "https://[::ffff:192.168.1.1]", "localhost:8443": "https://localhost:8443",
		"openwrt": "https://openwrt", "OPENWRT.LAN:443": "https://openwrt.lan", "router-a.example.com": "https://router-a.example.com",
		"two.example.com": "https://two.example.com", "mapped.example.com": "https://mapped.example.com",
		"proxy.example.com": "https://proxy.example.com", "Proxy.Example.com:444": "https://proxy.example.com:444",
		"natted.example.com:8443": "https://natted.example.com:8443", "198.51.100.7": "https://198.51.100.7",
	} {
		place, err := Decide(context.Background(), Settings{Host: host, Listed: listed}, facts)
		if err != nil || place != (Place{RedirectURI: want + CallbackPath}) {
			t.Errorf("Host %q: %+v, %v, want %s and no other start", host, place, err, want)
		}
	}
	for _, host := range []string{
		"router-b.example.com", "192.168.1.2", "203.0.113.6", "openwrt.example.com", "openwrt.lan.example.com", "lan", "unknown.example",
		"evil.example", "[fd00::2]", "natted.example.com", "natted.example.com:8444", "sub.proxy.example.com", "192.168.1.1.evil.example",
	} {
		if place, err := Decide(context.Background(), Settings{Host: host, Listed: listed}, facts); !errors.Is(err, ErrNotOwn) {
			t.Errorf("Host %q: %+v, %v: a login may belong to a foreign host", host, place, err)
		}
	}
	for _, host := range []string{"", "evil\"><script>", "a b", "router/", "user@router"} {
		if place, err := Decide(context.Background(), Settings{Host: host}, facts); !errors.Is(err, ErrNoHost) {
			t.Errorf("Host %q: %+v, %v", host, place, err)
		}
	}
	place, err := Decide(context.Background(), Settings{Host: "openwrt.lan.:8443"}, facts)
	if err != nil || place != (Place{"https://openwrt.lan:8443" + CallbackPath, "https://openwrt.lan:8443"}) {
		t.Errorf("a name with a final dot: %+v, %v, want a start at the one without", place, err)
	}
}

func TestDecideWithRedirectURI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uri, host, first string }{
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "openwrt.lan", ""},
		{"https://OpenWrt.lan:443/cgi-bin/luci-sso/callback", "openwrt.lan", ""},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "OPENWRT.LAN:443", ""},
		{"https://[FD00:0::1]/cgi-bin/luci-sso/callback", "[fd00::1]", ""},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "192.168.1.1", "https://openwrt.lan"},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "openwrt.lan:8443", "https://openwrt.lan"},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "openwrt.lan.", "https://openwrt.lan"},
		{"https://openwrt.lan:8443/cgi-bin/luci-sso/callback?provider=a", "openwrt.lan", "https://openwrt.lan:8443"},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "evil\"><script>", "https://openwrt.lan"},
		{"https://openwrt.lan/cgi-bin/luci-sso/callback", "", "https://openwrt.lan"},
		// Which host a browser would go to is not known.
		{"https://röuter.lan/cgi-bin/luci-sso/callback", "192.168.1.1", ""},
	} {
		place, err := Decide(context.Background(), Settings{Host: c.host, RedirectURI: c.uri}, Facts{})
		if err != nil || place != (Place{c.uri, c.first}) {
			t.Errorf("redirect_uri %s at %q: %+v, %v, want the start at %q", c.uri, c.host, place, err, c.first)
		}
		if there, ok := strings.CutPrefix(place.First, "https://"); ok {
			if again, _ := Decide(context.Background(), Settings{Host: there, RedirectURI: c.uri}, Facts{}); again.First != "" {
				t.Errorf("from %q to %q, and from there to %q: it goes on and on", c.host, place.First, again.First)
			}
		}
	}
}

func TestLead(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]bool{
		"https://openwrt.lan/x": true, "https://192.168.1.1:8443/x": true, "https://router-b.example.com/x": false, "https://röuter/x": false, "https://proxy.example.com/x": true,
	} {
		if _, own := Lead(context.Background(), uri, []string{"proxy.example.com"}, facts); own != want {
			t.Errorf("%s leads to this router: %t, want %t", uri, own, want)
		}
	}
}
