// SPDX-License-Identifier: Apache-2.0

package host

import (
	"net/netip"
	"strconv"
	"strings"
)

// Address is a host with a port, in the one form that equal ones share.
type Address struct {
	Name string // Lower case; an IP address without brackets; a final dot is kept, as browsers keep it.
	Port string // "" is the port of https.
}

// Parse reads what a Host header or the authority of an https URL holds.
// Whatever a browser would not send as it is counts for nothing: it comes from
// somebody who wrote it by hand.
func Parse(hostport string) (Address, bool) {
	name, port := hostport, ""
	if i := strings.LastIndexByte(hostport, ':'); i >= 0 && !strings.HasSuffix(hostport, "]") {
		n, err := strconv.ParseUint(hostport[i+1:], 10, 16)
		if err != nil || n == 0 {
			return Address{}, false
		}
		name = hostport[:i]
		if n != 443 {
			port = strconv.FormatUint(n, 10)
		}
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return Address{ip.String(), port}, ok && err == nil && ip.Is6() && ip.Zone() == ""
	}
	name = strings.ToLower(name)
	if ip, err := netip.ParseAddr(name); err == nil {
		return Address{name, port}, ip.Is4()
	}
	return Address{name, port}, isName(strings.TrimSuffix(name, "."))
}

// isName is for names in lower case. One that ends in a number is an IPv4
// address in a form that browsers rewrite before they send it.
func isName(name string) bool {
	if len(name) > 253 {
		return false
	}
	last := ""
	for rest, more := name, true; more; {
		last, rest, more = strings.Cut(rest, ".")
		if last == "" || len(last) > 63 {
			return false
		}
		for i := 0; i < len(last); i++ {
			c := last[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	hex, isHex := strings.CutPrefix(last, "0x")
	return strings.Trim(last, "0123456789") != "" && !(isHex && strings.Trim(hex, "0123456789abcdef") == "")
}

// IP is the address that a literal names.
func (a Address) IP() (netip.Addr, bool) {
	ip, err := netip.ParseAddr(a.Name)
	return ip.Unmap(), err == nil
}

// Plain is the address without the final dot of a name.
func (a Address) Plain() Address { return Address{strings.TrimSuffix(a.Name, "."), a.Port} }

// Origin is the start of the URLs of everything at the address.
func (a Address) Origin() string { return "https://" + a.String() }

func (a Address) String() string {
	text := a.Name
	if strings.Contains(text, ":") {
		text = "[" + text + "]"
	}
	if a.Port != "" {
		text += ":" + a.Port
	}
	return text
}
