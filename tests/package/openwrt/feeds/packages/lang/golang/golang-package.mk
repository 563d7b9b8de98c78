# SPDX-License-Identifier: Apache-2.0

GO_ARCH_DEPENDS:=@x86_64
GO_PKG_DEFAULT_LDFLAGS=-linkmode external
GO_PKG_VARS=CGO_ENABLED=1

define GoPackage/Package/Install/Bin
	$(INSTALL_DIR) $(1)$(GO_PKG_INSTALL_BIN_PATH)
	$(INSTALL_BIN) /dev/null $(1)$(GO_PKG_INSTALL_BIN_PATH)/$(notdir $(GO_PKG_BUILD_PKG))
endef

define GoBinPackage
endef
