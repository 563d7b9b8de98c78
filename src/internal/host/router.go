// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"luci-sso/internal/paths"
	"luci-sso/internal/uci"
)

// resolveTime bounds the look at a name. The router's own resolver answers for
// its own names at once.
const resolveTime = 2 * time.Second

// OnRouter are the facts of the router that the program runs on.
func OnRouter() Facts {
	return Facts{
		Local:   func(ip netip.Addr) bool { return contains(Addresses(), ip) },
		Names:   Names,
		Resolve: resolve,
	}
}

// Addresses are those of all interfaces, whatever they lead to: LAN, WAN, VPN.
func Addresses() []netip.Addr {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range found {
		if network, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(network.IP); ok {
				list = append(list, ip.Unmap())
			}
		}
	}
	return list
}

func contains(list []netip.Addr, ip netip.Addr) bool {
	for _, own := range list {
		if own == ip {
			return true
		}
	}
	return false
}

// Names are the system's host name, as it is and as it is configured, alone
// and with the local domains.
func Names() []string {
	var names []string
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	names = append(names, values(paths.SystemConfig(), "system", "hostname")...)
	for _, domain := range values(paths.DHCPConfig(), "dnsmasq", "domain") {
		for _, name := range names {
			if !strings.Contains(name, ".") {
				names = append(names, name+"."+strings.Trim(domain, "."))
			}
		}
	}
	return names
}

// values are those of an option in all sections of a type.
func values(path, kind, option string) []string {
	pkg, err := uci.Load(path)
	if err != nil {
		return nil
	}
	var list []string
	for i := range pkg.Sections {
		if value, ok := pkg.Sections[i].Get(option); ok && value != "" && pkg.Sections[i].Type == kind {
			list = append(list, value)
		}
	}
	return list
}

func resolve(ctx context.Context, name string) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	if strings.Contains(name, ".") {
		name += "." // Else the search domains would be tried behind it.
	}
	found, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	return found
}
