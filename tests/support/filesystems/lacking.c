/* Goes before the C library (LD_PRELOAD) and has the folder FS_UNDER lack what FS_LACKS names, as file systems do:
   locks, modes, links (hard ones), foldersync (fsync of folders), case (names are told apart by it), forms (of Unicode). */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define LONGEST 4096
#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define REFUSE(error) do { errno = error; return -1; } while (0)

static int lacks(const char *what) {
    const char *all = getenv("FS_LACKS");
    return all && strstr(all, what);
}

static int within(const char *path) {
    const char *folder = getenv("FS_UNDER");
    return path && folder && !strncmp(path, folder, strlen(folder));
}

static int open_within(int descriptor) {
    char link[64], path[LONGEST];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return within(path);
}

/* The one name under which a file is kept that goes by several: small letters, and accents composed (e, o, u). */
static const char *kept(const char *path, char *into) {
    if (!within(path) || strlen(path) >= LONGEST) return path;
    size_t at = strlen(getenv("FS_UNDER")), end = at;
    memcpy(into, path, at);
    for (; path[at]; at++) {
        unsigned char letter = path[at];
        if (lacks("forms") && end && !strncmp(path + at, "\xcc\x81", 2) && into[end - 1] == 'e') {
            end--; into[end++] = 0xc3; into[end++] = 0xa9; at++;
        } else if (lacks("forms") && end && !strncmp(path + at, "\xcc\x88", 2) && strchr("ou", into[end - 1])) {
            char base = into[--end]; into[end++] = 0xc3; into[end++] = base == 'o' ? 0xb6 : 0xbc; at++;
        } else into[end++] = lacks("case") ? tolower(letter) : letter;
    }
    into[end] = 0;
    return into;
}

int flock(int file, int how) {
    REAL(flock);
    if (lacks("locks") && open_within(file)) REFUSE(ENOLCK);
    return real(file, how);
}
int fsync(int file) {
    REAL(fsync);
    struct stat about;
    if (lacks("foldersync") && open_within(file) && !fstat(file, &about) && S_ISDIR(about.st_mode)) REFUSE(EINVAL);
    return real(file);
}
int chmod(const char *path, mode_t mode) {
    REAL(chmod);
    char name[LONGEST];
    if (lacks("modes") && within(path)) REFUSE(EPERM);
    return real(kept(path, name), mode);
}
int fchmodat(int folder, const char *path, mode_t mode, int flags) {
    REAL(fchmodat);
    char name[LONGEST];
    if (lacks("modes") && within(path)) REFUSE(EPERM);
    return real(folder, kept(path, name), mode, flags);
}
int fchmod(int file, mode_t mode) {
    REAL(fchmod);
    if (lacks("modes") && open_within(file)) REFUSE(EPERM);
    return real(file, mode);
}
int link(const char *from, const char *to) {
    REAL(link);
    char one[LONGEST], two[LONGEST];
    if (lacks("links") && within(to)) REFUSE(EPERM);
    return real(kept(from, one), kept(to, two));
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(linkat);
    char one[LONGEST], two[LONGEST];
    if (lacks("links") && within(to)) REFUSE(EPERM);
    return real(a, kept(from, one), b, kept(to, two), flags);
}
int rename(const char *from, const char *to) {
    REAL(rename);
    char one[LONGEST], two[LONGEST];
    return real(kept(from, one), kept(to, two));
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat);
    char one[LONGEST], two[LONGEST];
    return real(a, kept(from, one), b, kept(to, two));
}

#define BY_PATH(name, type) \
    int name(const char *path, type what) { REAL(name); char one[LONGEST]; return real(kept(path, one), what); }
BY_PATH(stat, struct stat *)
BY_PATH(stat64, struct stat64 *)
BY_PATH(lstat, struct stat *)
BY_PATH(lstat64, struct stat64 *)
BY_PATH(access, int)
BY_PATH(mkdir, mode_t)
int rmdir(const char *path) { REAL(rmdir); char one[LONGEST]; return real(kept(path, one)); }
int unlink(const char *path) { REAL(unlink); char one[LONGEST]; return real(kept(path, one)); }
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat); char one[LONGEST]; return real(folder, kept(path, one), flags);
}
int fstatat(int folder, const char *path, struct stat *about, int flags) {
    REAL(fstatat); char one[LONGEST]; return real(folder, kept(path, one), about, flags);
}
int fstatat64(int folder, const char *path, struct stat64 *about, int flags) {
    REAL(fstatat64); char one[LONGEST]; return real(folder, kept(path, one), about, flags);
}
int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    REAL(utimensat); char one[LONGEST]; return real(folder, kept(path, one), times, flags);
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); char one[LONGEST]; mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return real(kept(path, one), flags, mode); }
OPENS(open)
OPENS(open64)
#define OPENS_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(name); char one[LONGEST]; mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return real(folder, kept(path, one), flags, mode); }
OPENS_AT(openat)
OPENS_AT(openat64)
