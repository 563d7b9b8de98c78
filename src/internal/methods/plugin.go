// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/syslog"
)

// CallTime is how long a call may take. rpcd kills the program after 30 s, and
// the page gives up after 20.
const CallTime = 14 * time.Second

// IsPlugin reports whether the arguments are rpcd's.
func IsPlugin(args []string) bool {
	return len(args) > 0 && (args[0] == "list" || args[0] == "call")
}

// Plugin carries one call of rpcd's and returns the exit status. rpcd runs the
// program as `list` to learn the methods of the ubus object luci-sso, and as
// `call METHOD` with the arguments as JSON on standard input.
//
// It carries an answer only: it ignores the exit status and standard error.
// No output is NO_DATA for it, and an answer that is no object is
// INVALID_ARGUMENT. So a call that could not be carried out prints nothing,
// one with wrong arguments an empty list. The exit status is that of ubus,
// for whoever runs the plugin by hand.
func Plugin(args []string, in io.Reader, out, problems io.Writer) (exit int) {
	defer func() {
		if problem := recover(); problem != nil {
			// The value of a panic may quote anything; its type says enough.
			exit = refuse(problems, &Error{Status: ubus.UnknownError, Reason: fmt.Sprintf("internal error (%T), please report it", problem)})
		}
	}()
	if len(args) == 1 && args[0] == "list" {
		return write(out, signatures())
	}
	if len(args) != 2 || args[0] != "call" {
		return refuse(problems, &Error{Status: ubus.InvalidCommand, Reason: "usage: luci-sso list | luci-sso call METHOD < arguments.json"})
	}
	input, err := io.ReadAll(io.LimitReader(in, MaxInput+1))
	if err != nil {
		return refuse(problems, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), CallTime)
	defer cancel()
	reply, err := Call(ctx, args[1], input)
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
	for _, method := range Methods {
		arguments := map[string]any{}
		for _, arg := range method.Args {
			switch arg.Kind {
			case Text:
				arguments[arg.Name] = ""
			case Options:
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
	var e *Error
	if errors.As(err, &e) {
		return int(e.Status)
	}
	return int(ubus.UnknownError)
}
