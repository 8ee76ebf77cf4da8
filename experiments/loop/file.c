/* Reading a file as Node's fs.readFile does: open, fstat, read, close, four requests that go
 * through the pool one after another, each asked for in the callback of the one before. The file as
 * a whole is a span, whose parts they are. At most the first chunk is read: more would only repeat
 * that part.
 *
 * Loop thread only. libuv does not tell when a pool thread takes a request, nor when it is done
 * with it: both instants stay unknown. */
#include "experiments/loop/loop.h"

#include <unistd.h>

static void part_cb(uv_fs_t *request);

/* Asks for the part f->doing. */
static int part_request(struct scenario *s)
{
    struct file_read *f = s->file;
    uv_loop_t *loop = s->run->loop;
    uint64_t bytes = f->expected_bytes == UINT64_MAX ? FILE_UNKNOWN_BYTES : f->expected_bytes;
    uv_buf_t into = uv_buf_init(f->chunk, (unsigned)bytes);

    switch (f->doing) {
    case KIND_FILE_OPEN:
        return uv_fs_open(loop, &f->request, f->path, UV_FS_O_RDONLY, 0, part_cb);
    case KIND_FILE_FSTAT:
        return uv_fs_fstat(loop, &f->request, f->fd, part_cb);
    case KIND_FILE_READ:
        return uv_fs_read(loop, &f->request, f->fd, &into, 1, -1, part_cb);
    default:
        return uv_fs_close(loop, &f->request, f->fd, part_cb);
    }
}

/* What the part that has ended came to. */
static int part_result(struct file_read *f)
{
    ssize_t result = f->request.result;

    if (result < 0)
        return (int)result;
    switch (f->doing) {
    case KIND_FILE_OPEN:
        f->fd = (int)result;
        break;
    case KIND_FILE_FSTAT:
        if (f->request.statbuf.st_size > 0)
            f->expected_bytes = f->request.statbuf.st_size < FILE_CHUNK_BYTES
                                    ? f->request.statbuf.st_size
                                    : FILE_CHUNK_BYTES;
        break;
    case KIND_FILE_READ:
        if (f->expected_bytes != UINT64_MAX && (uint64_t)result < f->expected_bytes)
            return SPAN_FAILED_SHORT_READ;
        break;
    default:
        f->fd = -1;
    }
    return SPAN_OK;
}

/* Whether another part follows; sets f->doing to it. What was opened is closed also after a
 * failure. */
static bool part_advance(struct scenario *s)
{
    struct file_read *f = s->file;

    if (f->fd < 0 || f->doing == KIND_FILE_CLOSE)
        return false;
    f->doing = f->status != SPAN_OK || s->over ? KIND_FILE_CLOSE : f->doing + 1;
    return true;
}

static void file_done(struct scenario *s)
{
    struct file_read *f = s->file;

    call_came_back(s, f->whole, clock_ticks_after(), f->status);
    scenario_file_read(s, f->whole);
}

/* Submits the part f->doing; parts that libuv refuses are spans with that error. */
static void part_submit(struct scenario *s, uint32_t cause)
{
    struct file_read *f = s->file;
    int rc;

    do {
        f->part = call_submitted(s, f->doing, cause);
        recorder_parent(&s->run->recorder, f->part, f->whole);
        rc = part_request(s);
        f->under_way = rc == 0;
        if (rc == 0)
            return;
        uv_fs_req_cleanup(&f->request);
        call_came_back(s, f->part, clock_ticks_after(), rc);
        if (f->status == SPAN_OK)
            f->status = rc;
        cause = f->part;
    } while (part_advance(s));
    file_done(s);
}

static void part_cb(uv_fs_t *request)
{
    uint64_t ticks = clock_ticks_after();
    struct scenario *s = request->data;
    struct file_read *f = s->file;
    int status = part_result(f);

    call_came_back(s, f->part, ticks, status);
    f->under_way = false;
    if (f->status == SPAN_OK)
        f->status = status;
    uv_fs_req_cleanup(request);
    if (part_advance(s))
        part_submit(s, f->part);
    else
        file_done(s);
}

void file_submit(struct scenario *s)
{
    struct file_read *f = s->file;

    f->whole = call_submitted(s, KIND_FILE, SPAN_NONE);
    f->request.data = s;
    f->doing = KIND_FILE_OPEN;
    part_submit(s, SPAN_NONE);
}

void file_cancel(struct scenario *s)
{
    if (s->file->under_way)
        uv_cancel((uv_req_t *)&s->file->request); /* refused while it runs: then it is waited for */
}

void file_free(struct file_read *f)
{
    if (f != NULL && f->fd >= 0)
        close(f->fd);
}
