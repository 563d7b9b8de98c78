// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
)

// pluginTimeout is rpcd's for a program (`option timeout` of its
// configuration), not counting what it needs to start here.
const pluginTimeout = 30 * time.Second

// plugins are the executables in /usr/libexec/rpcd: `FILE list` names an
// object's methods, `FILE call METHOD` carries one out, with the arguments as
// JSON on standard input.
func (r *RPCD) plugins() (objects []ubusd.Object) {
	files, err := filepath.Glob(filepath.Join(globQuote(r.path("/usr/libexec/rpcd")), "*"))
	if err != nil {
		return nil
	}
	for _, file := range files {
		output, err := runPlugin(context.Background(), file, nil, "list")
		if err != nil {
			continue
		}
		var methods map[string]map[string]any
		if json.Unmarshal(output, &methods) != nil {
			continue
		}
		o := ubusd.Object{Name: filepath.Base(file)}
		for name, args := range methods {
			o.Methods = append(o.Methods, ubusd.Method{Name: name, Args: signature(args), Handle: pluginMethod(file, name)})
		}
		sort.Slice(o.Methods, func(i, j int) bool { return o.Methods[i].Name < o.Methods[j].Name })
		objects = append(objects, o)
	}
	return objects
}

// signature takes the types from the values the plugin gave as examples.
func signature(examples map[string]any) (args []ubusd.Arg) {
	for name, example := range examples {
		arg := ubusd.Arg{Name: name}
		switch example.(type) {
		case string:
			arg.Type = ubus.TypeString
		case bool:
			arg.Type = ubus.TypeBool
		case float64:
			arg.Type = ubus.TypeInt32
		case []any:
			arg.Type = ubus.TypeArray
		case map[string]any:
			arg.Type = ubus.TypeTable
		}
		args = append(args, arg)
	}
	sort.Slice(args, func(i, j int) bool { return args[i].Name < args[j].Name })
	return args
}

func pluginMethod(file, name string) ubusd.OrderedHandler {
	return func(ctx context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status) {
		input, err := json.Marshal(args)
		if err != nil {
			return nil, ubus.InvalidArgument
		}
		output, err := runPlugin(ctx, file, input, "call", name)
		if err != nil {
			// The low byte of the exit status is the answer's.
			if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() > 0 {
				return nil, ubus.Status(exit.ExitCode())
			}
			return nil, ubus.UnknownError
		}
		reply, err := parseJSON(output)
		if err != nil {
			return nil, ubus.UnknownError
		}
		return []ubus.Ordered{numbers(reply).(ubus.Ordered)}, ubus.OK
	}
}

func runPlugin(ctx context.Context, file string, input []byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pluginTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, file, args...)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	return cmd.Output()
}

// numbers gives JSON's numbers the types that json-c would.
func numbers(v any) any {
	switch v := v.(type) {
	case ubus.Ordered:
		for i := range v {
			v[i].Value = numbers(v[i].Value)
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case float64:
		switch {
		case v != math.Trunc(v) || math.Abs(v) > 1<<53:
			return v
		case v >= math.MinInt32 && v <= math.MaxInt32:
			return int32(v)
		}
		return int64(v)
	}
	return v
}
