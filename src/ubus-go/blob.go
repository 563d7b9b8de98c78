// SPDX-License-Identifier: Apache-2.0

package ubus

import "encoding/binary"

// A blob attribute is four bytes of header, big endian, and the payload: one
// bit "extended" (a blobmsg name follows), seven bits of id, 24 bits of
// length including the header. The next attribute starts at the next multiple
// of four.
const (
	blobHeader   = 4
	blobExtended = 1 << 31
	blobIDShift  = 24
	blobIDMask   = 0x7f
	blobLenMask  = 0xffffff
)

func padded(n int) int { return (n + 3) &^ 3 }

// attr is one attribute of a list.
type attr struct {
	id       int
	extended bool
	data     []byte // The payload without padding.
}

// nextAttr splits the first attribute off a list.
func nextAttr(list []byte) (a attr, rest []byte, err error) {
	if len(list) < blobHeader {
		return attr{}, nil, protocolError("attribute header cut short")
	}
	head := binary.BigEndian.Uint32(list)
	length := int(head & blobLenMask)
	if length < blobHeader {
		return attr{}, nil, protocolError("attribute shorter than its header")
	}
	// libubox requires the padding of the last attribute too.
	if padded(length) > len(list) {
		return attr{}, nil, protocolError("attribute longer than its container")
	}
	a = attr{
		id:       int(head >> blobIDShift & blobIDMask),
		extended: head&blobExtended != 0,
		data:     list[blobHeader:length:length],
	}
	return a, list[padded(length):], nil
}

// openAttr appends a header whose length closeAttr fills in.
func openAttr(b []byte, id int, extended bool) (out []byte, at int) {
	head := uint32(id&blobIDMask) << blobIDShift
	if extended {
		head |= blobExtended
	}
	return binary.BigEndian.AppendUint32(b, head), len(b)
}

// closeAttr sets the length of the attribute opened at and pads it. Lengths
// that do not fit into the header cannot occur: the encoder stops at
// MaxMessage, far below.
func closeAttr(b []byte, at int) []byte {
	head := binary.BigEndian.Uint32(b[at:])
	binary.BigEndian.PutUint32(b[at:], head|uint32(len(b)-at)&blobLenMask)
	return pad(b)
}

// pad fills up to the next multiple of four. Every attribute starts at such
// a multiple of the buffer, so the buffer's length is what counts.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
