// SPDX-License-Identifier: Apache-2.0

// Package rpcplugin owns the door that rpcd opens: it runs the program as
// `list` to learn the methods of the ubus object luci-sso, and as
// `call METHOD` with the arguments as JSON on standard input. What the
// methods do is package bridge's.
//
// rpcd carries an answer only: it ignores the exit status and standard error.
// No output is NO_DATA for it, and an answer that is no object is
// INVALID_ARGUMENT. So a call that could not be carried out prints nothing,
// one with wrong arguments an empty list. The exit status is that of ubus,
// for whoever runs the plugin by hand.
package rpcplugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/bridge"
	"luci-sso/internal/syslog"
)

// Time is how long a call may take. rpcd kills the program after 30 s, and
// the page gives up after 20.
const Time = 14 * time.Second

// Is reports whether the arguments are rpcd's.
func Is(args []string) bool {
	return len(args) > 0 && (args[0] == "list" || args[0] == "call")
}

// Main carries one call and returns the exit status.
func Main(args []string, in io.Reader, out, problems io.Writer) (exit int) {
	defer func() {
		if problem := recover(); problem != nil {
			// The value of a panic may quote anything; its type says enough.
			exit = refuse(problems, &bridge.Error{Status: ubus.UnknownError, Reason: fmt.Sprintf("internal error (%T), please report it", problem)})
		}
	}()
	if len(args) == 1 && args[0] == "list" {
		return write(out, signatures())
	}
	if len(args) != 2 || args[0] != "call" {
		return refuse(problems, &bridge.Error{Status: ubus.InvalidCommand, Reason: "usage: luci-sso list | luci-sso call METHOD < arguments.json"})
	}
	input, err := io.ReadAll(io.LimitReader(in, bridge.MaxInput+1))
	if err != nil {
		return refuse(problems, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Time)
	defer cancel()
	reply, err := bridge.Call(ctx, args[1], input)
	if err != nil {
		status := refuse(problems, err)
		if status == int(ubus.InvalidArgument) {
			_, _ = io.WriteString(out, "[]\n")
		}
		return status
	}
	return write(out, reply)
}

// signatures are the methods with an example of each argument's type.
func signatures() map[string]map[string]any {
	list := map[string]map[string]any{}
	for _, method := range bridge.Methods {
		arguments := map[string]any{}
		for _, arg := range method.Args {
			switch arg.Kind {
			case bridge.Text:
				arguments[arg.Name] = ""
			case bridge.Options:
				arguments[arg.Name] = map[string]any{}
			default:
				arguments[arg.Name] = []any{}
			}
		}
		list[method.Name] = arguments
	}
	return list
}

func write(out io.Writer, reply any) int {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(reply) != nil {
		return int(ubus.UnknownError)
	}
	return 0
}

func refuse(problems io.Writer, err error) int {
	_, _ = io.WriteString(problems, "luci-sso: "+syslog.Printable(err.Error(), 300)+"\n")
	var e *bridge.Error
	if errors.As(err, &e) {
		return int(e.Status)
	}
	return int(ubus.UnknownError)
}
