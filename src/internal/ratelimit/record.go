// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"

	"luci-sso/internal/random"
	"luci-sso/internal/store"
)

// The file, all numbers big-endian:
//
//	header   magic 8 | start of the window, ms since 1970, 8 | total 4 |
//	         salt 16 | admitted by each claim, 2 * 4 | checksum of the bytes before, 4
//	buckets  32 of 64 slots: tag 8 | window 4 | count 4
//
// It is updated in place, under the lock. A rename would be the safer way to
// replace a file, but two thousand clients do not have to be copied to count
// one: a request touches the header and, if clients are told apart, one bucket.
// What a process killed in the middle of a write leaves is one of:
//
//   - a header whose checksum is wrong. It counts as none at all: a new window
//     begins. Somebody who can time a kill to the microsecond gains what he
//     would have got a minute later.
//   - a slot with half a tag or count. Slots lie inside a page and do not
//     cross one, so this does not happen on tmpfs; and it is one client's.
//
// A slot belongs to the window whose salt begins with its four window bytes,
// which saves clearing the table. Tags are hashes under the salt: nobody can
// look for addresses that share a bucket with a victim's, and the file names
// no one. With Limit 50 there are at most 1050 clients in a window, 33 to a
// bucket on average. A client that finds its bucket full, which takes a larger
// Limit and a flood, is not counted by itself and passes for one that has sent
// nothing yet; Limit and Reserve hold for it like for everybody.
const (
	magic      = "LSSOrat2"
	headerSize = 8 + 8 + 4 + saltSize + 4*claims + 4
	saltSize   = 16

	tableStart  = 1024 // Slots are 16 bytes: aligned, they never cross a page.
	slotSize    = 16
	bucketSlots = 64
	buckets     = 32
	fileSize    = tableStart + buckets*bucketSlots*slotSize
)

// openRecord opens and locks the file. Anything else than a file of ours in
// its place is an error, not something to write into.
func openRecord(path string) (*os.File, error) {
	f, err := store.LockFile(path, lockWait)
	if errors.Is(err, os.ErrNotExist) {
		if err := store.EnsureDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
		f, err = store.LockFile(path, lockWait)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Size() > fileSize {
		// Not written by us: let it not keep its space.
		_ = f.Truncate(fileSize)
	}
	return f, nil
}

type window struct {
	valid bool
	start int64 // ms since 1970
	total uint32
	salt  [saltSize]byte
	own   [claims]uint32 // Admitted beyond the limits, by claim.
}

// reserve takes one place of a claim's reserve, if there is one.
func (w *window) reserve(claim Claim) bool {
	if claim == NoClaim || w.own[claim-1] >= OwnReserve {
		return false
	}
	w.own[claim-1]++
	return true
}

func newWindow(now int64) window {
	w := window{valid: true, start: now}
	if salt, err := random.Bytes(saltSize); err == nil {
		copy(w.salt[:], salt)
	} else {
		// Without randomness no login succeeds anyway; windows still have to
		// differ.
		binary.BigEndian.PutUint64(w.salt[:], uint64(now)*0x9e3779b97f4a7c15) // #nosec G115 -- only bits
	}
	return w
}

// readWindow returns the current window, not valid when there is none.
func readWindow(f *os.File) (window, error) {
	var b [headerSize]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return window{}, nil
		}
		return window{}, err
	}
	sum := binary.BigEndian.Uint32(b[headerSize-4:])
	if string(b[:8]) != magic || sum != checksum(b[:headerSize-4]) {
		return window{}, nil
	}
	w := window{
		valid: true,
		start: int64(binary.BigEndian.Uint64(b[8:])), // #nosec G115 -- written as signed
		total: binary.BigEndian.Uint32(b[16:]),
	}
	copy(w.salt[:], b[20:])
	for i := range w.own {
		w.own[i] = binary.BigEndian.Uint32(b[20+saltSize+4*i:])
	}
	return w, nil
}

func (w *window) write(f *os.File) error {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint64(b, uint64(w.start)) // #nosec G115 -- read back as signed
	b = binary.BigEndian.AppendUint32(b, w.total)
	b = append(b, w.salt[:]...)
	for _, n := range w.own {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, checksum(b))
	_, err := f.WriteAt(b, 0)
	return err
}

// checksum tells a record that was cut or damaged from a whole one. It is no
// protection against anybody: whoever can write the file is root.
func checksum(b []byte) uint32 {
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint32(sum[:])
}

// slot is a client's count in a window. offset 0 means that there is no room
// to keep one.
type slot struct {
	offset int64
	head   [12]byte // tag and window
	count  uint32
}

func (s *slot) add(f *os.File) error {
	if s.offset == 0 {
		return nil
	}
	s.count++
	b := binary.BigEndian.AppendUint32(s.head[:len(s.head):len(s.head)], s.count)
	_, err := f.WriteAt(b, s.offset)
	return err
}

// findSlot returns the client's slot of this window, or the one to use for it.
func findSlot(f *os.File, w *window, client string) (slot, error) {
	h := sha256.New()
	h.Write(w.salt[:])
	h.Write([]byte(client))
	sum := h.Sum(nil)

	var mine slot
	copy(mine.head[:8], sum)
	copy(mine.head[8:], w.salt[:4])
	base := int64(tableStart) + int64(sum[8]%buckets)*bucketSlots*slotSize

	var b [bucketSlots * slotSize]byte
	// A short file reads as zeros, which belong to no window.
	if _, err := f.ReadAt(b[:], base); err != nil && !errors.Is(err, io.EOF) {
		return slot{}, err
	}
	for i := 0; i < bucketSlots; i++ {
		at := b[i*slotSize : (i+1)*slotSize]
		if string(at[8:12]) != string(w.salt[:4]) || string(at[12:]) == "\x00\x00\x00\x00" {
			if mine.offset == 0 {
				mine.offset = base + int64(i*slotSize)
			}
			continue
		}
		if string(at[:8]) == string(mine.head[:8]) {
			mine.offset = base + int64(i*slotSize)
			mine.count = binary.BigEndian.Uint32(at[12:])
			return mine, nil
		}
	}
	return mine, nil
}

// Client is the name under which an address as uhttpd gives it is counted: the
// address itself for IPv4, its /64 for IPv6, "?" for what is no address. It is
// what handshake.Pending.Client should be as well.
func Client(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "?"
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "?"
	}
	return p.String()
}
