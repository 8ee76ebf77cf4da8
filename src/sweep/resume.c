/* A journal goes when its document has been written, so that who resumes a sweep that has ended
 * finds none; to begin anew would throw the document away. Whether it is whole is what it says
 * itself: its runs, which may be long, are passed over. Main thread. */
#include "sweep/resume.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "input/json_file.h"

enum { REST_BYTES_MOST = 64 << 20 };

static bool says_that_it_is_whole(const char *json, size_t bytes)
{
    struct err unheard;
    cJSON *tree = json_file_tree(json, bytes, &unheard);
    const cJSON *schema = json_file_get(tree, "schema");
    bool whole = cJSON_IsString(schema) && strcmp(schema->valuestring, "uvlab.sweep/1") == 0 &&
                 cJSON_IsFalse(json_file_get(tree, "interrupted"));
    cJSON_Delete(tree);
    return whole;
}

static bool is_whole(const char *path, struct json_split *split)
{
    struct err unheard;
    size_t bytes;
    const char *rest;
    if (json_file_split(path, split, &unheard) != 0)
        return false;
    rest = json_split_rest(split, &bytes);
    return says_that_it_is_whole(rest, bytes);
}

int resume_refuse(const char *document, const char *journal, struct err *e)
{
    static const struct json_split_array runs = {.key = "runs"};
    struct json_split *split;
    struct stat is;
    bool whole = false;
    if (stat(document, &is) == 0 && S_ISREG(is.st_mode)) {
        split = json_split_new(&runs, 1, REST_BYTES_MOST, NULL, e);
        if (split == NULL)
            return -1;
        whole = is_whole(document, split);
        json_split_free(split);
    }
    if (whole)
        return err_set(e, STATUS_USAGE,
                       "'%s' is complete: there is nothing to resume (without --resume it is "
                       "measured anew)",
                       document);
    return err_set(e, STATUS_USAGE,
                   "there is no '%s' to go on with (without --resume the sweep begins)", journal);
}
