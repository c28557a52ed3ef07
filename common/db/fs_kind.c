#include "common/db/fs_kind.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

/* Numbers of linux/magic.h and of the file systems' own sources. */
static const struct {
	unsigned long type;
	const char *name;
} refused[] = {
	{ 0x01021997, "9p" },			/* WSL's /mnt, virtual machines */
	{ 0x65735546, "FUSE (virtiofs, grpcfuse, sshfs and the like)" },	/* Docker Desktop */
	{ 0x6a656a63, "virtiofs" },		/* fakeowner: Docker Desktop on macOS */
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB" },
	{ 0x517b, "SMB" },
	{ 0x6969, "NFS" },
	{ 0x00c36400, "Ceph" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x564c, "NCP" },
	{ 0x786f4256, "vboxsf" },		/* VirtualBox */
	{ 0xbacbacbc, "vmhgfs" },		/* VMware */
	{ 0x0bd00bd0, "Lustre" },
	{ 0x47504653, "GPFS" },
	{ 0x7461636f, "OCFS2" },
	{ 0x01161970, "GFS2" },
};

const char *fs_kind_refused(unsigned long type)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].type == (type & 0xffffffff))
			return refused[i].name;
	return NULL;
}

/* statfs of path, or of the nearest existing folder above it. */
static int look(const char *path, struct statfs *out)
{
	char *folder = xstrdup(path), *slash;
	int rc = statfs(folder, out);

	while (rc && errno == ENOENT && (slash = strrchr(folder, '/')) && slash > folder) {
		*slash = '\0';
		rc = statfs(folder, out);
	}
	if (rc && errno == ENOENT)
		rc = statfs(path[0] == '/' ? "/" : ".", out);
	free(folder);
	return rc;
}

int fs_kind_check(const char *path, struct err *e)
{
	struct statfs fs;
	const char *name = look(path, &fs) ? NULL : fs_kind_refused((unsigned long)fs.f_type);

	if (!name)
		return 0; /* what can't be asked is found out by opening */
	return err_set(e, ERR_UNAVAILABLE, "%.200s is on the file system %s, where a SQLite "
		       "database gets damaged: it has no memory that programs share. Put DATA_DIR "
		       "on a local disk; in containers on a named volume, not on a folder of "
		       "Windows or macOS (docs/DEPLOYMENT.md)", path, name);
}
