// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sort"
	"strings"
)

// Table is a blobmsg table: arguments, a reply or a value in one. Decoding
// yields these types, and encoding accepts them:
//
//	nil, bool, int32, int64, float64, string, []any, Table
//
// Encoding also takes int (32 bits when it fits, as JSON on the bus does),
// int8 and int16, []string, map[string]any and [Ordered]. A 16-bit number
// decodes to int32; an 8-bit number decodes to bool, which is what the bus
// means by it. Entries are encoded in the order of their names.
type Table map[string]any

// Ordered is a table whose entries keep their order and may repeat a name.
type Ordered []Pair

// Pair is an entry of an Ordered table.
type Pair struct {
	Name  string
	Value any
}

// Type is the blobmsg type of a value, as in the signature of a method.
type Type int32

// The types of blobmsg. TypeBool is an 8-bit number.
const (
	TypeUnspec Type = 0
	TypeArray  Type = 1
	TypeTable  Type = 2
	TypeString Type = 3
	TypeInt64  Type = 4
	TypeInt32  Type = 5
	TypeInt16  Type = 6
	TypeBool   Type = 7
	TypeDouble Type = 8
)

// Decode reads a list of named values, the payload of a message's data
// attribute. Of several values with one name the last wins. A string ends at
// its first NUL byte, where a C program stops reading it.
func Decode(payload []byte) (Table, error) {
	return decodeTable(payload, 1)
}

// DecodeOrdered is Decode with every table, nested ones too, as [Ordered]: it
// keeps the order and repeated names. rpcd repeats names in a session's acls.
func DecodeOrdered(payload []byte) (Ordered, error) {
	return decodeOrdered(payload, 1)
}

func decodeTable(list []byte, depth int) (Table, error) {
	t := Table{}
	err := eachField(list, depth, func(name string, kind Type, data []byte) error {
		v, err := decodeValue(kind, data, depth, false)
		t[name] = v
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeOrdered(list []byte, depth int) (Ordered, error) {
	var o Ordered
	err := eachField(list, depth, func(name string, kind Type, data []byte) error {
		v, err := decodeValue(kind, data, depth, true)
		o = append(o, Pair{name, v})
		return err
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

func decodeArray(list []byte, depth int, ordered bool) ([]any, error) {
	a := []any{}
	err := eachField(list, depth, func(_ string, kind Type, data []byte) error {
		v, err := decodeValue(kind, data, depth, ordered)
		a = append(a, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// eachField walks one level of a table or an array.
func eachField(list []byte, depth int, visit func(name string, kind Type, data []byte) error) error {
	if depth > MaxDepth {
		return protocolError("values nested too deeply")
	}
	for len(list) > 0 {
		a, rest, err := nextAttr(list)
		if err != nil {
			return err
		}
		name, data, err := splitName(a)
		if err != nil {
			return err
		}
		if err := visit(name, Type(a.id), data); err != nil {
			return err
		}
		list = rest
	}
	return nil
}

// splitName separates the name of an extended attribute from its value. The
// name is a 16-bit length, the bytes, a NUL, and padding to four.
func splitName(a attr) (name string, data []byte, err error) {
	if !a.extended {
		return "", a.data, nil
	}
	if len(a.data) < 2 {
		return "", nil, protocolError("name cut short")
	}
	n := int(binary.BigEndian.Uint16(a.data))
	end := padded(2 + n + 1)
	if end > len(a.data) {
		return "", nil, protocolError("name longer than its attribute")
	}
	if a.data[2+n] != 0 {
		return "", nil, protocolError("name without its final NUL")
	}
	return cString(a.data[2 : 2+n]), a.data[end:], nil
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

func decodeValue(kind Type, data []byte, depth int, ordered bool) (any, error) {
	switch kind {
	case TypeUnspec:
		return nil, nil
	case TypeArray:
		return decodeArray(data, depth+1, ordered)
	case TypeTable:
		if ordered {
			return decodeOrdered(data, depth+1)
		}
		return decodeTable(data, depth+1)
	case TypeString:
		if len(data) == 0 || data[len(data)-1] != 0 {
			return nil, protocolError("string without its final NUL")
		}
		return cString(data), nil
	case TypeInt64:
		if len(data) == 8 {
			return int64(binary.BigEndian.Uint64(data)), nil
		}
	case TypeInt32:
		if len(data) == 4 {
			return int32(binary.BigEndian.Uint32(data)), nil
		}
	case TypeInt16:
		if len(data) == 2 {
			return int32(int16(binary.BigEndian.Uint16(data))), nil
		}
	case TypeBool:
		if len(data) == 1 {
			return data[0] != 0, nil
		}
	case TypeDouble:
		if len(data) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64(data)), nil
		}
	default:
		return nil, protocolError("value of an unknown type")
	}
	return nil, protocolError("number of the wrong length")
}

// Append encodes t, a Table or an Ordered, as the list of named values that
// Decode reads, and appends it to b, whose length must be a multiple of four.
// It fails for values of other types than Table lists, for strings with a NUL
// in them, and with ErrTooLarge.
func Append[T Table | Ordered](b []byte, t T) ([]byte, error) {
	return appendFields(b, t, 1)
}

func appendFields(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("ubus: arguments nested deeper than %d", MaxDepth)
	}
	var err error
	switch v := v.(type) {
	case Table:
		return appendSorted(b, v, depth)
	case map[string]any:
		return appendSorted(b, v, depth)
	case Ordered:
		for i := 0; i < len(v) && err == nil; i++ {
			b, err = appendValue(b, v[i].Name, v[i].Value, depth)
		}
	case []any:
		for i := 0; i < len(v) && err == nil; i++ {
			b, err = appendValue(b, "", v[i], depth)
		}
	case []string:
		for i := 0; i < len(v) && err == nil; i++ {
			b, err = appendValue(b, "", v[i], depth)
		}
	}
	return b, err
}

// appendSorted makes equal tables equal bytes.
func appendSorted(b []byte, t map[string]any, depth int) ([]byte, error) {
	names := make([]string, 0, len(t))
	for name := range t {
		names = append(names, name)
	}
	sort.Strings(names)
	var err error
	for _, name := range names {
		if b, err = appendValue(b, name, t[name], depth); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendValue(b []byte, name string, v any, depth int) ([]byte, error) {
	kind, err := typeOf(v)
	if err != nil {
		return nil, fmt.Errorf("ubus: argument %q: %w", name, err)
	}
	if len(name) > math.MaxUint16 || strings.IndexByte(name, 0) >= 0 {
		return nil, fmt.Errorf("ubus: %.20q is no name for a value", name)
	}
	b, at := openAttr(b, int(kind), true)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, name...)
	b = pad(append(b, 0))
	switch v := v.(type) {
	case bool:
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	case int8:
		b = append(b, byte(v))
	case int16:
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	case int32:
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	case int64:
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	case int:
		if kind == TypeInt32 {
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		} else {
			b = binary.BigEndian.AppendUint64(b, uint64(v))
		}
	case float64:
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
	case string:
		b = append(append(b, v...), 0)
	case nil:
	default:
		if b, err = appendFields(b, v, depth+1); err != nil {
			return nil, err
		}
	}
	if len(b) > MaxMessage {
		return nil, ErrTooLarge
	}
	return closeAttr(b, at), nil
}

// typeOf also refuses what would arrive as something else.
func typeOf(v any) (Type, error) {
	switch v := v.(type) {
	case nil:
		return TypeUnspec, nil
	case bool, int8:
		return TypeBool, nil
	case int16:
		return TypeInt16, nil
	case int32:
		return TypeInt32, nil
	case int64:
		return TypeInt64, nil
	case int:
		if v >= math.MinInt32 && v <= math.MaxInt32 {
			return TypeInt32, nil
		}
		return TypeInt64, nil
	case float64:
		return TypeDouble, nil
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return 0, fmt.Errorf("a string with a NUL byte would be cut there")
		}
		return TypeString, nil
	case []any, []string:
		return TypeArray, nil
	case Table, map[string]any, Ordered:
		return TypeTable, nil
	}
	return 0, fmt.Errorf("a value of type %T cannot be sent", v)
}
