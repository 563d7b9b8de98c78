module luci-sso

go 1.23.0

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/openwrt/ubus-go v0.0.0
	github.com/rogpeppe/go-internal v1.14.1
	golang.org/x/crypto v0.41.0
	golang.org/x/sys v0.35.0
	gopkg.in/ini.v1 v1.67.3
)

require golang.org/x/tools v0.26.0 // indirect

// In this tree; see its README.
replace github.com/openwrt/ubus-go => ./ubus-go
