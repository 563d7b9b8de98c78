// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Some providers, or the caches in front of them, send gzip whatever is asked
// for. This reads it (RFC 1952, RFC 1951) into at most MaxBody bytes. It is
// not compress/gzip because that is 16 KB of a router's flash, and this 2.

var errGzip = errors.New("the response is compressed, which was not asked for, and cannot be expanded")

// gunzip expands one gzip member, which must be all there is.
func gunzip(data []byte) ([]byte, error) {
	const header = 10
	if len(data) < header+8 || data[0] != 0x1f || data[1] != 0x8b || data[2] != 8 || data[3]&0xe0 != 0 {
		return nil, errGzip
	}
	flags, at := data[3], header
	if flags&4 != 0 { // Extra field.
		if at += 2; at > len(data) {
			return nil, errGzip
		}
		at += int(binary.LittleEndian.Uint16(data[at-2:]))
	}
	for _, flag := range []byte{8, 16} { // File name, comment.
		if flags&flag == 0 {
			continue
		}
		for at < len(data) && data[at] != 0 {
			at++
		}
		at++
	}
	if flags&2 != 0 { // Checksum of the header.
		at += 2
	}
	if at > len(data)-8 {
		return nil, errGzip
	}
	b := bits{data: data[at : len(data)-8]}
	out, err := b.inflate()
	if err != nil {
		return nil, err
	}
	trailer := data[len(data)-8:]
	if len(b.data) > 0 || crc32(out) != binary.LittleEndian.Uint32(trailer) || uint64(len(out)) != uint64(binary.LittleEndian.Uint32(trailer[4:])) {
		return nil, errGzip
	}
	return out, nil
}

// crc32 is the checksum of RFC 1952 §8, bit by bit: what there is to check is
// a few KB.
func crc32(data []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range data {
		crc ^= uint32(c)
		for range 8 {
			crc = crc>>1 ^ -(crc&1)&0xedb88320
		}
	}
	return ^crc
}

// bits reads a deflate stream. After its end, missing is set and every bit is
// 0: whoever reads in a loop looks.
type bits struct {
	data    []byte
	held    uint32
	count   uint
	missing bool
}

func (b *bits) take(n uint) int {
	for b.count < n {
		if len(b.data) == 0 {
			b.missing = true
			return 0
		}
		b.held |= uint32(b.data[0]) << b.count
		b.data = b.data[1:]
		b.count += 8
	}
	value := b.held & (1<<n - 1)
	b.held >>= n
	b.count -= n
	return int(value)
}

// inflate expands blocks until the last one.
func (b *bits) inflate() (out []byte, err error) {
	for last := false; !last; {
		last = b.take(1) == 1
		switch b.take(2) {
		case 0:
			out, err = b.stored(out)
		case 1:
			var lengths [288 + 30]byte
			for i := range lengths {
				switch {
				case i < 144:
					lengths[i] = 8
				case i < 256:
					lengths[i] = 9
				case i < 280:
					lengths[i] = 7
				case i < 288:
					lengths[i] = 8
				default:
					lengths[i] = 5
				}
			}
			out, err = b.block(out, codeOf(lengths[:288]), codeOf(lengths[288:]))
		case 2:
			out, err = b.dynamic(out)
		default:
			err = errGzip
		}
		if err == nil && b.missing {
			err = errGzip
		}
		if err == nil && len(out) > MaxBody {
			err = errExpanded
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

var errExpanded = fmt.Errorf("%w: expanded, the limit is %d bytes", ErrTooLarge, MaxBody)

func (b *bits) stored(out []byte) ([]byte, error) {
	b.held, b.count = 0, 0
	if len(b.data) < 4 {
		return nil, errGzip
	}
	length := binary.LittleEndian.Uint16(b.data)
	if binary.LittleEndian.Uint16(b.data[2:]) != ^length || len(b.data)-4 < int(length) {
		return nil, errGzip
	}
	out = append(out, b.data[4:4+int(length)]...)
	b.data = b.data[4+int(length):]
	return out, nil
}

// code is a canonical Huffman code: how many symbols have each length, and
// the symbols by length.
type code struct {
	counts  [16]int
	symbols []int
	left    int // Codes that are not used; negative when there are too many.
}

func codeOf(lengths []byte) code {
	c := code{symbols: make([]int, len(lengths)), left: 1}
	for _, length := range lengths {
		c.counts[length]++
	}
	c.counts[0] = 0
	var next [16]int
	for length := 1; length < 16; length++ {
		c.left = c.left<<1 - c.counts[length]
		if c.left < 0 {
			return c
		}
		next[length] = next[length-1] + c.counts[length-1]
	}
	for symbol, length := range lengths {
		if length != 0 {
			c.symbols[next[length]] = symbol
			next[length]++
		}
	}
	return c
}

// symbol reads one; -1 for bits that are none.
func (b *bits) symbol(c *code) int {
	value, first, index := 0, 0, 0
	for length := 1; length < 16; length++ {
		value |= b.take(1)
		count := c.counts[length]
		if value-count < first {
			return c.symbols[index+value-first]
		}
		index += count
		first = (first + count) << 1
		value <<= 1
	}
	return -1
}

// dynamic reads the two codes of a block, then the block (§3.2.7).
func (b *bits) dynamic(out []byte) ([]byte, error) {
	literals, distances, n := b.take(5)+257, b.take(5)+1, b.take(4)+4
	var lengths [286 + 30]byte
	if literals > 286 || distances > 30 {
		return nil, errGzip
	}
	for i := range n {
		lengths[[...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = byte(b.take(3))
	}
	c := codeOf(lengths[:19])
	if c.left != 0 {
		return nil, errGzip
	}
	clear(lengths[:19])
	for i := 0; i < literals+distances; {
		symbol := b.symbol(&c)
		repeat, value := 1, byte(0)
		switch {
		case symbol < 0 || b.missing || symbol == 16 && i == 0:
			return nil, errGzip
		case symbol < 16:
			value = byte(symbol)
		case symbol == 16:
			repeat, value = 3+b.take(2), lengths[i-1]
		case symbol == 17:
			repeat = 3 + b.take(3)
		default:
			repeat = 11 + b.take(7)
		}
		if i+repeat > literals+distances {
			return nil, errGzip
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	text, far := codeOf(lengths[:literals]), codeOf(lengths[literals:literals+distances])
	if lengths[256] == 0 || text.left < 0 || far.left < 0 || text.left > 0 && !single(text) || far.left > 0 && !single(far) {
		return nil, errGzip
	}
	return b.block(out, text, far)
}

// single reports whether a code that is not complete has at most one symbol,
// which may be so.
func single(c code) bool {
	n := 0
	for _, count := range c.counts {
		n += count
	}
	return n <= 1
}

// block expands up to the end of a block (§3.2.5).
func (b *bits) block(out []byte, text, far code) ([]byte, error) {
	for len(out) <= MaxBody {
		symbol := b.symbol(&text)
		switch {
		case symbol < 0 || b.missing || symbol > 285:
			return nil, errGzip
		case symbol < 256:
			out = append(out, byte(symbol))
			continue
		case symbol == 256:
			return out, nil
		}
		length := 258
		if symbol < 285 {
			length = b.reach(symbol-257, 4, 3)
		}
		symbol = b.symbol(&far)
		if symbol < 0 || symbol > 29 {
			return nil, errGzip
		}
		distance := b.reach(symbol, 2, 1)
		if b.missing || distance > len(out) {
			return nil, errGzip
		}
		for range length {
			out = append(out, out[len(out)-distance])
		}
	}
	return nil, errExpanded
}

// reach is a length or a distance: symbols come in groups, each with one more
// bit behind it than the last. The first two groups have none.
func (b *bits) reach(symbol, group, least int) int {
	if symbol < 2*group {
		return symbol + least
	}
	extra := symbol/group - 1
	return (symbol%group+group)<<extra + least + b.take(uint(extra))
}
