/* What is constant about reading files, and the look at a file before anything is measured: whether
 * it can be read at all, and how many spans and how much memory that may take. Main thread. */
#include "measure/file_read.h"
#include "measure/file_step.h"
#include "measure/given_file.h"

enum {
    /* Reads beyond those that the size needs: the one that finds a file shorter than it was, and
     * those for a file that has grown a little. */
    READS_SPARE = 3,
    /* Of a file without a size: those of /proc come in pages. */
    READS_UNSIZED = 64,
    STEPS_AROUND = 3, /* open, fstat, close */
};

const char *const file_api_names[] = {"jobs", "uv", "one-trip", NULL};

const struct span_kind file_span_kinds[FILE_KINDS] = {
    [FILE_KIND_WHOLE] = {"fs.readFile", "file", PHASE_POLL, "fs.readFile", SPAN_POOLED},
    [FILE_KIND_OPEN] = {"fs.open", "file open", PHASE_POLL, "fs.open", SPAN_POOLED},
    [FILE_KIND_FSTAT] = {"fs.fstat", "file fstat", PHASE_POLL, "fs.fstat", SPAN_POOLED},
    [FILE_KIND_READ] = {"fs.read", "file read", PHASE_POLL, "fs.read", SPAN_POOLED},
    [FILE_KIND_CLOSE] = {"fs.close", "file close", PHASE_POLL, "fs.close", SPAN_POOLED},
};

static void fill_for(struct file_facts *facts, enum file_api api)
{
    uint64_t size_bytes = facts->size_bytes;

    facts->spans = api == FILE_API_ONE_TRIP ? 1 : 1 + STEPS_AROUND + facts->reads;
    facts->bytes = file_read_own_bytes() + (size_bytes > 0 ? size_bytes : FILE_UNSIZED_PIECE_BYTES);
}

void file_facts_of_size(struct file_facts *facts, uint64_t size_bytes, enum file_api api)
{
    *facts = (struct file_facts){.size_bytes = size_bytes, .reads = READS_UNSIZED};
    if (size_bytes > 0)
        facts->reads = (uint32_t)file_step_pieces(size_bytes) + READS_SPARE;
    fill_for(facts, api);
}

int file_facts_find(struct file_facts *facts, const char *path, enum file_api api, struct err *e)
{
    uint64_t size_bytes = 0;

    if (given_file_check(path, &size_bytes, e) != 0)
        return -1;
    if (size_bytes > FILE_BYTES_MOST)
        return err_set(e, STATUS_FAILED,
                       "--file %.200s: is larger than 2 GiB, which fs.readFile() refuses", path);
    file_facts_of_size(facts, size_bytes, api);
    return 0;
}

void file_facts_head(struct file_facts *facts, enum file_api api)
{
    *facts = (struct file_facts){.size_bytes = FILE_PIECE_BYTES, .reads = 1, .head_only = true};
    fill_for(facts, api);
}
