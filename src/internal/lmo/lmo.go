// SPDX-License-Identifier: Apache-2.0

// Package lmo owns reading LuCI's translation catalogues, so that the pages
// of the CGI speak with the same words as LuCI. A catalogue maps the hash of
// an English text to its translation; a broken one translates nothing.
//
// A file is the translations one after the other, then an index of 16-byte
// entries sorted by hash (hash, plural, offset, length, all big-endian), and
// at its very end the offset of that index.
package lmo

import (
	"encoding/binary"
	"os"
	"sort"
	"strings"
)

// MaxFile bounds what is read of a catalogue, in bytes.
const MaxFile = 1 << 20

const entrySize = 16

// Catalogue is a loaded file.
type Catalogue struct{ data, index []byte }

// Load reads the catalogue at path.
func Load(path string) (Catalogue, bool) {
	info, err := os.Stat(path)
	if err != nil || info.Size() > MaxFile {
		return Catalogue{}, false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Catalogue{}, false
	}
	return Parse(data)
}

// Parse takes the content of a file.
func Parse(data []byte) (Catalogue, bool) {
	if len(data) < 4 {
		return Catalogue{}, false
	}
	end := len(data) - 4
	start := binary.BigEndian.Uint32(data[end:])
	if uint64(start) > uint64(end) || (end-int(start))%entrySize != 0 {
		return Catalogue{}, false
	}
	return Catalogue{data: data[:start], index: data[start:end]}, true
}

// Translate returns the translation of an English text.
func (c Catalogue) Translate(text string) (string, bool) {
	wanted := Hash(text)
	n := len(c.index) / entrySize
	at := sort.Search(n, func(i int) bool { return binary.BigEndian.Uint32(c.index[i*entrySize:]) >= wanted })
	if at == n {
		return "", false
	}
	entry := c.index[at*entrySize:]
	offset, length := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
	if binary.BigEndian.Uint32(entry) != wanted || length == 0 || uint64(offset)+uint64(length) > uint64(len(c.data)) {
		return "", false
	}
	return string(c.data[offset : offset+length]), true
}

// All translates every text, or none when one is not known.
func (c Catalogue) All(texts []string) ([]string, bool) {
	translated := make([]string, len(texts))
	for i, text := range texts {
		var ok bool
		if translated[i], ok = c.Translate(text); !ok {
			return nil, false
		}
	}
	return translated, true
}

// Codes lists the names under which LuCI keeps the language of a browser's
// lower-case tag (RFC 5646), the closest first. The tag comes from outside and
// the codes become file names, so they are letters, digits and "-" only.
func Codes(tag string) []string {
	for i := 0; i < len(tag); i++ {
		if c := tag[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return nil
		}
	}
	switch tag {
	case "zh", "zh-cn", "zh-sg", "zh-hans", "zh-hans-cn":
		return []string{"zh-cn"}
	case "zh-tw", "zh-hk", "zh-mo", "zh-hant", "zh-hant-tw":
		return []string{"zh-tw"}
	}
	codes := []string{tag}
	if primary, _, ok := strings.Cut(tag, "-"); ok {
		codes = append(codes, primary)
	}
	return codes
}

// Hash is what LuCI looks a text up by: the key of the text with every run of
// white space made one space.
func Hash(text string) uint32 { return Key(canonical(text)) }

// Key is Paul Hsieh's SuperFastHash, started with the length: what a catalogue
// is sorted by. The empty text's is 0.
func Key(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	hash := uint32(len(b))
	pair := func(i int) uint32 { return uint32(b[i]) | uint32(b[i+1])<<8 }
	// The original adds single bytes as C's signed char.
	signed := func(i int) uint32 { return uint32(int32(int8(b[i]))) }
	i := 0
	for ; len(b)-i >= 4; i += 4 {
		hash += pair(i)
		hash = hash<<16 ^ pair(i+2)<<11 ^ hash
		hash += hash >> 11
	}
	switch len(b) - i {
	case 3:
		hash += pair(i)
		hash ^= hash << 16
		hash ^= signed(i+2) << 18
		hash += hash >> 11
	case 2:
		hash += pair(i)
		hash ^= hash << 11
		hash += hash >> 17
	case 1:
		hash += signed(i)
		hash ^= hash << 10
		hash += hash >> 1
	}
	hash ^= hash << 3
	hash += hash >> 5
	hash ^= hash << 4
	hash += hash >> 17
	hash ^= hash << 25
	hash += hash >> 6
	return hash
}

func canonical(text string) []byte {
	b := make([]byte, 0, len(text))
	space := true
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ' ' || c >= '\t' && c <= '\r' {
			if !space {
				b = append(b, ' ')
			}
			space = true
			continue
		}
		b, space = append(b, c), false
	}
	if len(b) > 0 && space {
		b = b[:len(b)-1]
	}
	return b
}
