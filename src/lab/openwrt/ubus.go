// SPDX-License-Identifier: Apache-2.0

package openwrt

import (
	"context"
	"slices"
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// Call calls a method on the router's bus at socketPath and returns the last
// reply, with all its repeated names. A call that rpcd's reload overtakes is
// never answered; it fails after a few seconds.
func Call(socketPath, object, method string, args ubus.Table) (ubus.Ordered, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	conn, err := ubus.Dial(ctx, socketPath)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var reply ubus.Ordered
	err = conn.CallEach(ctx, object, method, args, func(payload []byte) error {
		reply, err = ubus.DecodeOrdered(payload)
		return err
	})
	return reply, err
}

// Rights reads a session's rights, the value of "acls": per scope the pairs of
// object and function, sorted. rpcd can name an object twice.
func Rights(acls any) map[string][][2]string {
	rights := map[string][][2]string{}
	scopes, _ := acls.(ubus.Ordered)
	for _, scope := range scopes {
		objects, _ := scope.Value.(ubus.Ordered)
		for _, object := range objects {
			functions, _ := object.Value.([]any)
			for _, function := range functions {
				name, _ := function.(string)
				rights[scope.Name] = append(rights[scope.Name], [2]string{object.Name, name})
			}
		}
		slices.SortFunc(rights[scope.Name], func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	}
	return rights
}

// Member is the value a reply has under a name; nil when it has none.
func Member(reply ubus.Ordered, name string) any {
	for _, pair := range reply {
		if pair.Name == name {
			return pair.Value
		}
	}
	return nil
}
