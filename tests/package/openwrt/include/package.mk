# SPDX-License-Identifier: Apache-2.0

define BuildPackage
  install-$(1):
	$(Build/Prepare)
	$(call Package/$(1)/install,$(DESTDIR))
endef
