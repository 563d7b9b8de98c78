module github.com/openwrt/ubus-go

go 1.23.0
