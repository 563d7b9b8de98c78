// SPDX-License-Identifier: Apache-2.0
//
// A plugin of qemu that counts executed instructions and says how many at the
// end. qemu's header is in no package, so what is used of it stands here:
// version 1 of its plugin interface.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t id_t64;
struct tb;

int qemu_plugin_version = 1;

extern void qemu_plugin_register_vcpu_tb_trans_cb(id_t64, void (*)(id_t64, struct tb *));
extern size_t qemu_plugin_tb_n_insns(const struct tb *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *, int op, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(id_t64, void (*)(id_t64, void *), void *);

static uint64_t executed;

static void translated(id_t64 id, struct tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, 0 /* add */, &executed, qemu_plugin_tb_n_insns(tb));
}

static void ended(id_t64 id, void *data)
{
	(void)id;
	(void)data;
	FILE *file = fopen(getenv("STEPS_COUNT"), "w");
	if (file) {
		fprintf(file, "%" PRIu64 "\n", executed);
		fclose(file);
	}
}

int qemu_plugin_install(id_t64 id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
