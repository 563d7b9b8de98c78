// SPDX-License-Identifier: Apache-2.0

package main

// arch is a package architecture of OpenWrt 24.10 or 25.12 and what Go has to
// be told to build for it. The settings are those of OpenWrt's own packaging
// of Go, so that a binary from here runs where one from the SDK would.
type arch struct {
	Name string
	Go   []string // GOARCH first, then its variant.
}

// Without an entry: arc, armeb and powerpc, for which Go has no compiler.
var arches = []arch{
	{"aarch64_cortex-a53", []string{"GOARCH=arm64", "GOARM64=v8.0"}},
	{"aarch64_cortex-a72", []string{"GOARCH=arm64", "GOARM64=v8.0"}},
	{"aarch64_cortex-a76", []string{"GOARCH=arm64", "GOARM64=v8.2"}},
	{"aarch64_generic", []string{"GOARCH=arm64", "GOARM64=v8.0"}},
	{"arm_arm1176jzf-s_vfp", []string{"GOARCH=arm", "GOARM=6"}},
	{"arm_arm926ej-s", []string{"GOARCH=arm", "GOARM=5"}},
	{"arm_cortex-a15_neon-vfpv4", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a5_vfpv4", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a7", []string{"GOARCH=arm", "GOARM=5"}},
	{"arm_cortex-a7_neon-vfpv4", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a7_vfpv4", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a8_vfpv3", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a9", []string{"GOARCH=arm", "GOARM=5"}},
	{"arm_cortex-a9_neon", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_cortex-a9_vfpv3-d16", []string{"GOARCH=arm", "GOARM=7"}},
	{"arm_fa526", []string{"GOARCH=arm", "GOARM=5"}},
	{"arm_xscale", []string{"GOARCH=arm", "GOARM=5"}},
	{"i386_pentium-mmx", []string{"GOARCH=386", "GO386=softfloat"}},
	{"i386_pentium4", []string{"GOARCH=386", "GO386=sse2"}},
	{"loongarch64_generic", []string{"GOARCH=loong64"}},
	{"mips64_mips64r2", []string{"GOARCH=mips64", "GOMIPS64=softfloat"}},
	{"mips64_octeonplus", []string{"GOARCH=mips64", "GOMIPS64=softfloat"}},
	{"mips64el_mips64r2", []string{"GOARCH=mips64le", "GOMIPS64=softfloat"}},
	{"mips_24kc", []string{"GOARCH=mips", "GOMIPS=softfloat"}},
	{"mips_4kec", []string{"GOARCH=mips", "GOMIPS=softfloat"}},
	{"mips_mips32", []string{"GOARCH=mips", "GOMIPS=softfloat"}},
	{"mipsel_24kc", []string{"GOARCH=mipsle", "GOMIPS=softfloat"}},
	{"mipsel_24kc_24kf", []string{"GOARCH=mipsle", "GOMIPS=hardfloat"}},
	{"mipsel_74kc", []string{"GOARCH=mipsle", "GOMIPS=softfloat"}},
	{"mipsel_mips32", []string{"GOARCH=mipsle", "GOMIPS=softfloat"}},
	{"riscv64_generic", []string{"GOARCH=riscv64"}},
	{"riscv64_riscv64", []string{"GOARCH=riscv64"}},
	{"x86_64", []string{"GOARCH=amd64", "GOAMD64=v1"}},
}

// all is the architecture of packages without machine code.
const all = "all"

func findArch(name string) (arch, bool) {
	for _, a := range arches {
		if a.Name == name {
			return a, true
		}
	}
	return arch{}, false
}
