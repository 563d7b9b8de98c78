// SPDX-License-Identifier: Apache-2.0

package ubus

import "encoding/binary"

// MessageType says what a message is for.
type MessageType uint8

// The message types this package uses. Others are ignored when they arrive.
const (
	MsgHello  MessageType = 0 // Broker to client: first message, Peer is the client's id.
	MsgStatus MessageType = 1 // Ends a request.
	MsgData   MessageType = 2 // Part of the answer to a request.
	MsgPing   MessageType = 3
	MsgLookup MessageType = 4
	MsgInvoke MessageType = 5
)

// A message starts with version, type, sequence number and peer.
const messageHeader = 8

// Ids of the attributes of a message.
const (
	idStatus     = 1
	idObjectPath = 2
	idObjectID   = 3
	idMethod     = 4
	idObjectType = 5
	idSignature  = 6
	idData       = 7
)

// Message is one message of the bus. Which of the attributes are present is
// told by Has.
type Message struct {
	Type MessageType
	Seq  uint16 // Chosen by the client; an answer carries its request's.
	Peer uint32 // A client's id or an object's, depending on Type.

	Has        Attributes
	Status     Status
	ObjectPath string
	ObjectID   uint32
	Method     string
	ObjectType uint32
	Signature  []byte // Method name → table of argument name → Type; see Decode.
	Data       []byte // Arguments or reply; see Decode.
}

// Attributes is a set of attributes of a message.
type Attributes uint16

// The attributes a message can have.
const (
	HasStatus Attributes = 1 << iota
	HasObjectPath
	HasObjectID
	HasMethod
	HasObjectType
	HasSignature
	HasData
)

// AppendMessage encodes m with the attributes of m.Has. It fails only with
// ErrTooLarge.
func AppendMessage(b []byte, m *Message) ([]byte, error) {
	start := len(b)
	b = append(b, 0, byte(m.Type))
	b = binary.BigEndian.AppendUint16(b, m.Seq)
	b = binary.BigEndian.AppendUint32(b, m.Peer)
	b, body := openAttr(b, 0, false)
	number := func(has Attributes, id int, n uint32) {
		if m.Has&has != 0 {
			var at int
			b, at = openAttr(b, id, false)
			b = closeAttr(binary.BigEndian.AppendUint32(b, n), at)
		}
	}
	text := func(has Attributes, id int, s string) {
		if m.Has&has != 0 {
			var at int
			b, at = openAttr(b, id, false)
			b = closeAttr(append(append(b, s...), 0), at)
		}
	}
	list := func(has Attributes, id int, l []byte) {
		if m.Has&has != 0 {
			var at int
			b, at = openAttr(b, id, false)
			b = closeAttr(append(b, l...), at)
		}
	}
	if len(m.ObjectPath)+len(m.Method)+len(m.Signature)+len(m.Data) > MaxMessage {
		return b[:start], ErrTooLarge // Before a length can overflow its field.
	}
	number(HasStatus, idStatus, uint32(m.Status))
	text(HasObjectPath, idObjectPath, m.ObjectPath)
	number(HasObjectID, idObjectID, m.ObjectID)
	text(HasMethod, idMethod, m.Method)
	number(HasObjectType, idObjectType, m.ObjectType)
	list(HasSignature, idSignature, m.Signature)
	list(HasData, idData, m.Data)
	if len(b)-body > MaxMessage {
		return b[:start], ErrTooLarge
	}
	return closeAttr(b, body), nil
}

// MessageLength tells how long the message is that b begins with, once b has
// the first 12 bytes of it: 0 means that more bytes are needed to tell.
func MessageLength(b []byte) (int, error) {
	if len(b) < messageHeader+blobHeader {
		return 0, nil
	}
	if b[0] != 0 {
		return 0, protocolError("unknown version of the protocol")
	}
	length := int(binary.BigEndian.Uint32(b[messageHeader:]) & blobLenMask)
	if length < blobHeader {
		return 0, protocolError("message shorter than its header")
	}
	if length > MaxMessage {
		return 0, protocolError("message larger than the bus allows")
	}
	return messageHeader + length, nil
}

// ParseMessage decodes exactly one message. Signature and Data refer to b.
// Attributes this package does not know are skipped, as libubus does.
func ParseMessage(b []byte) (Message, error) {
	length, err := MessageLength(b)
	if err != nil {
		return Message{}, err
	}
	if length == 0 || length != len(b) {
		return Message{}, protocolError("message cut short")
	}
	m := Message{
		Type: MessageType(b[1]),
		Seq:  binary.BigEndian.Uint16(b[2:]),
		Peer: binary.BigEndian.Uint32(b[4:]),
	}
	for list := b[messageHeader+blobHeader:]; len(list) > 0; {
		var a attr
		if a, list, err = nextAttr(list); err != nil {
			return Message{}, err
		}
		if err := m.set(a); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

func (m *Message) set(a attr) error {
	var has Attributes
	var n uint32
	switch a.id {
	case idStatus, idObjectID, idObjectType:
		if len(a.data) != 4 {
			return protocolError("attribute that should be a number is none")
		}
		n = binary.BigEndian.Uint32(a.data)
	case idObjectPath, idMethod:
		if len(a.data) == 0 || a.data[len(a.data)-1] != 0 {
			return protocolError("attribute that should be a string is none")
		}
	}
	switch a.id {
	case idStatus:
		has, m.Status = HasStatus, Status(int32(n))
	case idObjectPath:
		has, m.ObjectPath = HasObjectPath, cString(a.data)
	case idObjectID:
		has, m.ObjectID = HasObjectID, n
	case idMethod:
		has, m.Method = HasMethod, cString(a.data)
	case idObjectType:
		has, m.ObjectType = HasObjectType, n
	case idSignature:
		has, m.Signature = HasSignature, a.data
	case idData:
		has, m.Data = HasData, a.data
	}
	m.Has |= has
	return nil
}
