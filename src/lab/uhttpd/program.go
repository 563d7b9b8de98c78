// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runProgram executes a CGI program and relays what it says.
func (x *exchange) runProgram(ctx context.Context, found located) {
	if !x.server.slots.acquire(ctx) {
		return
	}
	defer x.server.slots.release()

	config := x.server.config
	inside := func(name string) string { return strings.TrimPrefix(name, config.Root) }
	ctx, cancel := context.WithTimeout(ctx, config.ScriptTimeout)
	defer cancel()
	cmd := exec.Command(inside(found.file))
	cmd.Dir = inside(config.Docroot)
	if config.Root != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: config.Root}
	}
	cmd.Env = Environ(x.request, Script{
		Name: found.name, File: inside(found.file), Docroot: inside(config.Docroot), PathInfo: found.info, Query: found.query,
	})
	cmd.Stdin = bytes.NewReader(x.request.Body)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	// When the program has ended, whoever inherited its output is not waited
	// for.
	cmd.WaitDelay = 100 * time.Millisecond
	output, input, err := os.Pipe()
	if err != nil {
		x.fail(500, "Internal Server Error", "Failed to create CGI process: "+err.Error())
		return
	}
	defer func() { _ = output.Close() }()
	cmd.Stdout = input
	if err := start(cmd); err != nil {
		_ = input.Close()
		x.launchFailed(cmd.Path, err)
		return
	}
	_ = input.Close()

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
		_ = output.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	}()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	defer stop()

	complete := x.relay(&lastWords{output})
	<-ended
	for _, line := range strings.Split(strings.TrimSpace(complaints.String()), "\n") {
		if line != "" && config.Log != nil {
			config.Log(line)
		}
	}
	if !complete {
		x.fail(502, "Bad Gateway", "The process did not produce any response")
		return
	}
	x.end()
}

// lastWords reads what is in the pipe even when the deadline has passed before
// anybody came to read, as on a machine with too much to do.
type lastWords struct{ pipe *os.File }

func (w *lastWords) Read(p []byte) (int, error) {
	n, err := w.pipe.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = w.pipe.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, err = w.pipe.Read(p)
	}
	return n, err
}

// relay sends headers and body of a program and reports false when there was
// no complete header.
func (x *exchange) relay(output io.Reader) bool {
	reader := bufio.NewReaderSize(output, bufferSize)
	status, reason := 200, "OK"
	var fields []Field
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			// A header line that does not fit the buffer is never seen to
			// end, in the original too.
			if errors.Is(err, bufio.ErrBufferFull) {
				_, _ = io.Copy(io.Discard, reader)
			}
			return false
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			_, _ = io.Copy(io.Discard, reader)
			return false
		}
		value = strings.TrimLeft(value, " \t")
		if name == "Status" {
			if code, phrase, ok := parseStatus(value); ok {
				status, reason = code, phrase
			}
			continue
		}
		fields = append(fields, Field{name, value})
	}
	x.start(status, reason, fields)
	piece := make([]byte, bufferSize)
	for {
		n, err := reader.Read(piece)
		x.body(piece[:n])
		if err != nil {
			return true
		}
	}
}

// parseStatus wants three characters, a blank and a phrase; anything else is
// not a status.
func parseStatus(value string) (code int, phrase string, ok bool) {
	if strings.IndexByte(value, ' ') != 3 {
		return 0, "", false
	}
	code, _ = strconv.Atoi(value[:3])
	return code, value[4:], true
}

// launchFailed says what the original's child says when it cannot execute.
func (x *exchange) launchFailed(file string, err error) {
	x.start(500, "Internal Server Error", nil)
	x.body([]byte("Unable to launch the requested CGI program:\n  " + file + ": " + err.Error() + "\n"))
	x.end()
}

// start begins a program. A file that was written a moment ago can still be
// open for writing in a child between its fork and exec.
func start(cmd *exec.Cmd) error {
	for tries := 0; ; tries++ {
		err := cmd.Start()
		if !errors.Is(err, syscall.ETXTBSY) || tries == 20 {
			return err
		}
		retry := *cmd
		*cmd = exec.Cmd{Path: retry.Path, Args: retry.Args, Env: retry.Env, Dir: retry.Dir, Stdin: retry.Stdin,
			Stdout: retry.Stdout, Stderr: retry.Stderr, SysProcAttr: retry.SysProcAttr, WaitDelay: retry.WaitDelay}
		time.Sleep(10 * time.Millisecond)
	}
}
