/* The sequence of steps of fs.readFile(), as it is observed of Node.js 20. See file_step.h for who
 * may call this when. */
#include "measure/file_step.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int file_step_init(struct file_step *s, const char *path, const struct file_facts *facts)
{
    *s = (struct file_step){.path = path, .doing = FILE_KIND_OPEN, .fd = -1};
    s->reads_most = facts->reads;
    s->head_only = facts->head_only;
    s->capacity_bytes = facts->size_bytes > 0 ? facts->size_bytes : FILE_UNSIZED_PIECE_BYTES;
    s->content = mem_aligned_filled(1, s->capacity_bytes, 0);
    return s->content == NULL ? -1 : 0;
}

void file_step_free(struct file_step *s)
{
    if (s->fd >= 0)
        close(s->fd);
    mem_free(s->content);
}

/* Of the next read. */
static uint64_t piece_bytes(const struct file_step *s)
{
    uint64_t left_bytes = s->size_bytes - s->content_bytes;

    if (s->size_bytes == 0)
        return FILE_UNSIZED_PIECE_BYTES;
    return left_bytes < FILE_PIECE_BYTES ? left_bytes : FILE_PIECE_BYTES;
}

int file_step_request(struct file_step *s, uv_loop_t *loop, uv_fs_cb done)
{
    uv_buf_t into;

    switch (s->doing) {
    case FILE_KIND_OPEN:
        return uv_fs_open(loop, &s->request, s->path, UV_FS_O_RDONLY, 0, done);
    case FILE_KIND_FSTAT:
        return uv_fs_fstat(loop, &s->request, s->fd, done);
    case FILE_KIND_READ:
        into = uv_buf_init((char *)s->content + s->content_bytes, (unsigned)piece_bytes(s));
        return uv_fs_read(loop, &s->request, s->fd, &into, 1, -1, done);
    default:
        return uv_fs_close(loop, &s->request, s->fd, done);
    }
}

static void take_size(struct file_step *s)
{
    const uv_stat_t *st = &s->request.statbuf;

    s->size_bytes = S_ISREG(st->st_mode) ? st->st_size : 0;
    if (s->head_only && s->size_bytes > FILE_PIECE_BYTES)
        s->size_bytes = FILE_PIECE_BYTES;
}

int file_step_take(struct file_step *s)
{
    ssize_t result = s->request.result;

    if (s->doing == FILE_KIND_CLOSE && result != UV_ECANCELED)
        s->fd = -1; /* Linux gives it back also when it reports an error: close(2) */
    if (result < 0) {
        file_step_failed(s, (int)result);
    } else if (s->doing == FILE_KIND_OPEN) {
        s->fd = (int)result;
    } else if (s->doing == FILE_KIND_FSTAT) {
        take_size(s);
    } else if (s->doing == FILE_KIND_READ) {
        s->content_bytes += (uint64_t)result;
        s->ended = result == 0 || s->content_bytes == s->size_bytes || s->head_only;
    }
    uv_fs_req_cleanup(&s->request);
    return result < 0 ? (int)result : SPAN_OK;
}

void file_step_failed(struct file_step *s, int status)
{
    if (s->status == SPAN_OK)
        s->status = status;
}

/* Makes room for the next read; where there is no size, for more of them at a time. */
static int make_room(struct file_step *s)
{
    uint64_t need_bytes = s->size_bytes, capacity_bytes;
    unsigned char *larger;

    if (need_bytes == 0)
        need_bytes = s->content_bytes + FILE_UNSIZED_PIECE_BYTES;
    if (need_bytes <= s->capacity_bytes)
        return SPAN_OK;
    capacity_bytes = need_bytes;
    if (s->size_bytes == 0 && capacity_bytes < 2 * s->capacity_bytes)
        capacity_bytes = 2 * s->capacity_bytes;
    larger = mem_resize(s->content, capacity_bytes);
    if (larger == NULL)
        return UV_ENOMEM;
    s->content = larger;
    s->capacity_bytes = capacity_bytes;
    return SPAN_OK;
}

/* Whether what is left can be read with the reads that are left; memory only after that, so that a
 * file that has grown beyond measure does not take any. */
static int read_prepare(struct file_step *s)
{
    uint64_t need = s->size_bytes == 0 ? 1 : file_step_pieces(s->size_bytes - s->content_bytes);

    if (s->size_bytes > FILE_BYTES_MOST)
        return UV_EFBIG;
    if (s->reads + need > s->reads_most)
        return SPAN_FAILED_GREW;
    s->reads++;
    return make_room(s);
}

bool file_step_advance(struct file_step *s)
{
    if (s->fd < 0 || s->doing == FILE_KIND_CLOSE)
        return false;
    if (s->status == SPAN_OK && s->doing == FILE_KIND_OPEN) {
        s->doing = FILE_KIND_FSTAT;
        return true;
    }
    if (s->status == SPAN_OK && !s->ended)
        s->status = read_prepare(s);
    s->doing = s->status == SPAN_OK && !s->ended ? FILE_KIND_READ : FILE_KIND_CLOSE;
    return true;
}
