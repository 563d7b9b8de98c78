// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// idle is how long a connection may have been unused before a request that
// can be sent only once. Servers keep connections for some seconds at least.
const idle = time.Second

// alive reports that nothing speaks for the peer having closed the connection.
// A request with a form can be sent only once: the code in it is spent, even
// if the answer never comes. So where there is a doubt, a connection more is
// made, which costs less than a failed login.
func (c *conn) alive() bool {
	if time.Since(c.last) > idle {
		return false
	}
	// What crypto/tls has read already: an end, or what nobody asked for.
	if c.SetReadDeadline(time.Unix(1, 0)) != nil {
		return false
	}
	if _, err := c.reader.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	// What the kernel has.
	socket, ok := c.NetConn().(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN
	})
	return err == nil && quiet
}
