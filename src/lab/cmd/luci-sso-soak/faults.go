// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// storage makes the disk slow, full and read-only.
func (s *soak) storage() error {
	stalls := s.many(200, 15)
	if err := s.stall(stalls); err != nil {
		return err
	}
	s.healthy("the stalls")
	s.did("%d programs hung for 300 ms in the middle of their files", stalls)
	if os.Geteuid() != 0 {
		s.did("full and read-only disks were left out, which need root")
		return nil
	}
	dir := s.at("/var/run/luci-sso")
	rounds := s.many(100, 8)
	count := map[int]int{}
	for _, kind := range []string{"full", "read-only"} {
		if err := syscall.Mount("soak", dir, "tmpfs", 0, "size=128k,mode=0700"); err != nil {
			return fmt.Errorf("%w: a disk to fill cannot be mounted: %w", errSkip, err)
		}
		err := s.disk(kind, dir, rounds, count)
		// The sessions' files go with the disk.
		s.sessions("a " + kind + " disk")
		if umount := syscall.Unmount(dir, syscall.MNT_DETACH); err == nil {
			err = umount
		}
		if err != nil {
			return err
		}
		s.healthy("a " + kind + " disk")
	}
	s.did("%d starts and callbacks on full and on read-only disks (by status: %v)", 4*rounds, count)
	return nil
}

func (s *soak) disk(kind, dir string, rounds int, count map[int]int) error {
	filler := dir + "/filler"
	for range rounds {
		p, err := s.begin()
		if err != nil {
			return err
		}
		if kind == "full" {
			// To the last byte.
			f, err := os.Create(filler) // Below our own temporary directory.
			if err != nil {
				return err
			}
			block := make([]byte, 4096)
			for err == nil {
				_, err = f.Write(block)
			}
			_ = f.Close()
		} else if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return err
		}
		start, err := s.cgi(lab.Request{})
		if err != nil {
			return err
		}
		callback, err := s.cgi(p.request)
		if err != nil {
			return err
		}
		count[start.Status]++
		count[callback.Status]++
		if !start.Valid || !callback.Valid || start.Status == 302 && kind == "read-only" {
			s.lose("on a %s disk the start answers %d (%q), the callback %d", kind, start.Status, start.Raw, callback.Status)
		}
		if kind == "full" {
			err = os.Remove(filler)
		} else {
			err = syscall.Mount("", dir, "", syscall.MS_REMOUNT, "")
		}
		if err != nil {
			return err
		}
		if callback.Status == 302 {
			if again, err := s.cgi(p.request); err != nil || again.Status == 302 {
				s.lose("on a %s disk one callback was accepted twice (%v)", kind, err)
			}
		}
		// What nobody ended would fill so small a disk for good.
		if err := os.RemoveAll(dir + "/handshakes"); err != nil {
			return err
		}
	}
	return nil
}

// ubus lets the bus fail at every call of a login and a logout.
func (s *soak) ubus() error {
	faults := []ubusd.Fault{
		{Drop: true, Times: 1}, {Drop: true}, {Raw: []byte{0, 1, 2, 3, 4, 5, 6, 7}, Times: 1},
		{Raw: make([]byte, 4096)}, {Status: ubus.PermissionDenied}, {Delay: 50 * time.Millisecond, Times: 2},
		{Lose: true, Times: 1},
	}
	if s.short {
		faults = faults[:3] // The others wait for time limits.
	}
	methods := []string{ubusd.Lookup, "create", "set", "grant"}
	n, through := 0, 0
	for range s.many(3, 1) {
		for _, method := range methods {
			for _, fault := range faults {
				if s.short && fault.Raw != nil && method != "create" {
					continue // Half a message is waited for, for five seconds.
				}
				p, err := s.begin()
				if err != nil {
					return err
				}
				s.bus.SetFault("session", method, fault)
				r, err := s.cgi(p.request)
				s.bus.ClearFaults()
				if err != nil {
					return err
				}
				n++
				switch {
				case r.Status == 302:
					through++
				case r.Status < 500 && r.Status != 403 || !r.Valid:
					s.lose("with ubus failing at %s (%+v) the callback answers %d", method, fault, r.Status)
				}
				if again, err := s.cgi(p.request); err != nil || again.Status == 302 {
					s.lose("with ubus failing at %s one callback was accepted twice (%v)", method, err)
				}
			}
		}
	}
	s.healthy("the failures of ubus")
	s.did("%d callbacks met a bus that dropped, garbled, delayed, lost or refused a call (%d went through)", n, through)
	return nil
}

// provider lets the provider fail at every request.
func (s *soak) provider() error {
	answers := []idp.Answer{
		{Reset: true}, {CutAfter: 10}, {CutAfter: idp.CutAtOnce}, {Body: idp.NoBody}, {PadTo: 300 << 10},
		{Status: 500}, {Body: []byte(`{"`)}, {Location: "http://127.0.0.1:1/"}, {Delay: 100 * time.Millisecond},
		{Drip: 50 * time.Microsecond},
	}
	n, through := 0, 0
	for range s.many(8, 1) {
		for _, at := range []idp.Endpoint{idp.Discovery, idp.JWKS, idp.Token} {
			for _, answer := range answers {
				p, err := s.begin()
				if err != nil {
					return err
				}
				if err := s.lab.ForgetProvider(); err != nil {
					return err
				}
				remove := s.lab.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{at: answer}})
				r, err := s.cgi(p.request)
				remove()
				if err != nil {
					return err
				}
				n++
				if r.Status == 302 {
					through++
				} else if r.Status < 400 || !r.Valid {
					s.lose("with %s failing (%+v) the callback answers %d", at, answer, r.Status)
				}
				again, err := s.cgi(p.request)
				if err != nil || again.Status == 302 && r.Status == 302 {
					s.lose("with %s failing one callback was accepted twice (%v)", at, err)
				}
			}
		}
	}
	s.healthy("the failures of the provider")
	s.did("%d callbacks met a provider that reset, cut, padded, dripped, redirected or refused (%d went through)", n, through)
	return nil
}
