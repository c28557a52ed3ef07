/* Which file systems can hold a database. What statfs says is replaced in test_db_place.py. */
#include "common/db/fs_kind.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/magic.h>
#include <string.h>

static void by_number(void **state)
{
	static const unsigned long no[] = { V9FS_MAGIC, FUSE_SUPER_MAGIC, CIFS_SUPER_MAGIC,
					    SMB2_SUPER_MAGIC, SMB_SUPER_MAGIC, NFS_SUPER_MAGIC,
					    CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC };
	static const unsigned long yes[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
					     TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
					     0x2fc12fc1 /* ZFS */, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_non_null(fs_kind_refused(no[i]));
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_null(fs_kind_refused(yes[i]));
	assert_string_equal(fs_kind_refused(NFS_SUPER_MAGIC), "NFS");
	assert_string_equal(fs_kind_refused(V9FS_MAGIC), "9p");
	/* A 32-bit number that a signed field has stretched. */
	assert_string_equal(fs_kind_refused(0xffffffffff534d42), "CIFS");
}

static void here(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(fs_kind_check(scratch_path("app.db"), &e), 0);
	assert_int_equal(fs_kind_check(scratch_path("not/there/yet/app.db"), &e), 0);
	assert_int_equal(fs_kind_check("not/there", &e), 0);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_number), WITH_FOLDER(here) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
