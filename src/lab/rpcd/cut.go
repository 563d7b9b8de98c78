// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"context"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
)

// CutList makes the list of sessions end after so many bytes, as the real
// ubusd drops what does not fit into its queue for a client.
func (d *RPCD) CutList(broker *ubusd.Broker, room int) {
	for _, o := range d.Objects() {
		if o.Name != "session" {
			continue
		}
		for i := range o.Methods {
			if o.Methods[i].Name != "list" {
				continue
			}
			whole := o.Methods[i].Handle
			o.Methods[i].Handle = func(ctx context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status) {
				replies, status := whole(ctx, args)
				left := room
				for i := range replies {
					data, err := ubus.Append(nil, replies[i])
					if err != nil {
						panic(err)
					}
					if left -= len(data); left < 0 {
						return replies[:i], status
					}
				}
				return replies, status
			}
		}
		broker.Add(o)
	}
}
