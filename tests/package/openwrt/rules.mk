# SPDX-License-Identifier: Apache-2.0
#
# What of OpenWrt's make files the packages' install sections need, so that
# they can be carried out, and their result compared, without a build tree.

INCLUDE_DIR:=$(TOPDIR)/include
PKG_BUILD_DIR:=$(WORK)/build
INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_DATA:=install -m0644
INSTALL_CONF:=install -m0600
CP:=cp -fpR
LN:=ln -sf
SED:=sed -i -e
