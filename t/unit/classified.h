/* How an answer of Zoom's is judged: rows of a table, and their check. */

#ifndef JUDGED_H_INCLUDED
#define JUDGED_H_INCLUDED


#include "unit.h"
#include "zoom_response.h"


typedef struct {
    int              status;
    const char      *body;
    zoom_verdict_e   verdict;
    zoom_error_e     error;
    int64_t          life;           /* with ZOOM_USE */
    const char      *advice;         /* in it; NULL: there is none */
} judged_t;


/* "life" is what was made of the row: 0, and no token, if it is not used. */

static inline void
judged_is(const judged_t *row, const zoom_verdict_t *v,
    const zoom_buf_t *token, int64_t life)
{
    ck_assert_msg(v->verdict == row->verdict && v->error == row->error,
                  "%d %s: %d %s", row->status, row->body, v->verdict,
                  zoom_error_info(v->error)->name.data);

    ck_assert_int_eq(life, row->life);
    ck_assert_int_eq(token->len > 0, row->verdict == ZOOM_USE);

    if (row->advice) {
        ck_assert_ptr_nonnull(v->advice);
        ck_assert_msg(zoom_str_casefind(zoom_str_c(v->advice), row->advice),
                      "%s", v->advice);

    } else {
        ck_assert_ptr_null(v->advice);
    }
}


#endif /* JUDGED_H_INCLUDED */
