use proptest::prelude::*;

use super::*;

type Parts = Vec<(Headers, Vec<u8>)>;
/// Names and values of headers, and content.
type Sent = (Vec<(String, String)>, Vec<u8>);

/// Feeds a body in pieces that end at `cuts` and puts the parts together.
fn split(body: &[u8], boundary: &str, cuts: &[usize]) -> Result<Parts, MultipartError> {
    let mut splitter = Splitter::new(boundary);
    let mut parts = Parts::new();
    let mut from = 0;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).chain([body.len()]).collect();
    cuts.sort_unstable();
    for to in cuts {
        splitter.feed::<MultipartError>(&body[from..to], &mut |event| {
            match event {
                Event::Part(headers) => parts.push((headers, Vec::new())),
                Event::Content(bytes) => parts.last_mut().unwrap().1.extend_from_slice(bytes),
            }
            Ok(())
        })?;
        from = to;
    }
    splitter.finish()?;
    Ok(parts)
}

fn whole(body: &str) -> Result<Vec<Vec<u8>>, MultipartError> {
    Ok(split(body.as_bytes(), "b", &[])?.into_iter().map(|(_, content)| content).collect())
}

fn written(parts: &[Sent], boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, content) in parts {
        body.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        for (name, value) in headers {
            body.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(content);
    }
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    body
}

#[test]
fn a_boundary_is_read_quoted_or_not() {
    for (text, expected) in [
        ("multipart/mixed; boundary=abc", "abc"),
        ("Multipart/Mixed;boundary=\"abcABC0123'()+_,-./:=?\"", "abcABC0123'()+_,-./:=?"),
        ("multipart/mixed; charset=utf-8; Boundary = \"a b\" ; x=y", "a b"),
        ("multipart/mixed; x=\"boundary=no;\"; boundary=-------314159", "-------314159"),
        ("multipart/mixed; boundary=\"a\\b\"", "ab"),
    ] {
        assert_eq!(boundary(text), Ok(expected.to_owned()), "{text}");
    }
    let long = format!("multipart/mixed; boundary={}", "x".repeat(71));
    for text in [
        "multipart/mixed",
        "multipart/mixed;",
        "multipart/mixed; boundary=",
        "multipart/mixed; boundary=\"",
        "multipart/mixed; boundary=\"a ",
        "multipart/mixed; boundary=\"a \"",
        "multipart/mixed; boundary=å",
        "multipart/mixed; boundary=a; boundary=b",
        "multipart/form-data; boundary=a",
        "application/json; boundary=a",
        "",
        &long,
    ] {
        assert_eq!(boundary(text), Err(MultipartError::Boundary), "{text}");
    }
}

#[test]
fn parts_come_out_with_their_headers() {
    let body = "ignored\r\n--b \t\r\nContent-Type: application/json\r\nX-Long: one\r\n  two\r\n\r\n{}\r\n--b\r\nx:y\r\n\r\n\r\n--b--ignored";
    let parts = split(body.as_bytes(), "b", &[]).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].0.get("content-type"), Some("application/json"));
    assert_eq!(parts[0].0.get("X-Long"), Some("one two"));
    assert_eq!(parts[0].1, b"{}");
    assert_eq!((parts[1].0.get("X"), parts[1].1.as_slice()), (Some("y"), b"".as_slice()));
}

#[test]
fn what_is_written_is_read() {
    let body = [
        opening("b", "[]"),
        heading("b", "text/plain", "abc"),
        "one\r\n".into(),
        heading("b", "image/png", "def"),
        closing("b"),
    ];
    let parts = split(body.concat().as_bytes(), "b", &[]).unwrap();
    let contents: Vec<&[u8]> = parts.iter().map(|(_, content)| content.as_slice()).collect();
    assert_eq!(contents, [b"[]".as_slice(), b"one\r\n", b""]);
    let header = |name| parts.iter().map(|(headers, _)| headers.get(name)).collect::<Vec<_>>();
    assert_eq!(header("content-type"), [Some("application/json"), Some("text/plain"), Some("image/png")]);
    assert_eq!(header("x-experience-api-hash"), [None, Some("abc"), Some("def")]);
    assert_eq!(header("content-transfer-encoding"), [None, Some("binary"), Some("binary")]);
}

#[test]
fn content_may_be_empty_and_may_look_nearly_like_a_boundary() {
    assert_eq!(whole("--b\r\n\r\n\r\n--b--"), Ok(vec![vec![]]));
    assert_eq!(whole("--b\r\n\r\n--b--"), Ok(vec![vec![]]));
    assert_eq!(whole("--b\r\nx:y\r\n\r\n--b\r\n\r\nz\r\n--b--"), Ok(vec![vec![], b"z".to_vec()]));
    let content = "\r\n--bc\r\n--\r\n-b\r\n--b x\n--b\r\r\n\r\n--";
    assert_eq!(whole(&format!("--b\r\n\r\n{content}\r\n--b--")), Ok(vec![content.as_bytes().to_vec()]));
}

/// As [`split`], where the content of each part is said to be as long as `lengths` say.
fn split_expecting(body: &[u8], lengths: &[u64], piece: usize) -> Result<Parts, MultipartError> {
    let mut splitter = Splitter::new("b");
    let mut parts = Parts::new();
    for mut bytes in body.chunks(piece) {
        let mut take = |event: Event<'_>| {
            match event {
                Event::Part(headers) => parts.push((headers, Vec::new())),
                Event::Content(bytes) => parts.last_mut().unwrap().1.extend_from_slice(bytes),
            }
            Ok::<_, MultipartError>(())
        };
        let mut begun = 0;
        while splitter.feed_to_part(bytes, &mut take)? {
            begun += 1;
            bytes = &[];
            if let Some(length) = lengths.get(splitter.parts - 1) {
                splitter.expect(*length);
            }
        }
        assert!(begun < 10);
    }
    splitter.finish()?;
    Ok(parts)
}

#[test]
fn where_content_is_said_to_end_a_boundary_needs_no_line_break() {
    for piece in 1..80 {
        let contents = |body: &str, lengths: &[u64]| {
            let parts = split_expecting(body.as_bytes(), lengths, piece)?;
            Ok(parts.into_iter().map(|(_, content)| String::from_utf8(content).unwrap()).collect::<Vec<_>>())
        };
        let expected =
            |contents: &[&str]| Ok(contents.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        let forgotten = "--b\r\n\r\none--b\r\nx:y\r\n\r\ntwo--b--";
        assert_eq!(contents(forgotten, &[3, 3]), expected(&["one", "two"]));
        assert_eq!(contents(forgotten, &[3]), Err(MultipartError::Truncated));
        for wrong in [[2, 3], [4, 3], [0, 0], [u64::MAX, 3]] {
            assert_eq!(contents(forgotten, &wrong), Err(MultipartError::Truncated), "{wrong:?}");
        }
        // One that is there, and what only looks like one.
        let whole = "--b\r\n\r\none\r\n--b\r\n\r\n--bc\r\n\r\n--b--";
        for lengths in [&[3, 6][..], &[3, 0], &[9, 9], &[1, 1]] {
            assert_eq!(contents(whole, lengths), expected(&["one", "--bc\r\n"]), "{lengths:?}");
        }
        let empty = "--b\r\n\r\n--b \r\n\r\n\r\n--b--";
        assert_eq!(contents(empty, &[0, 0]), expected(&["", ""]));
        let breaks = "--b\r\n\r\none\r\n--b\r\n\r\n\r\n--b--";
        assert_eq!(
            contents(breaks, &[5, 0]),
            expected(&["one", ""]),
            "what is as the standard says counts first"
        );
    }
}

#[test]
fn what_is_cut_short_or_has_no_parts_is_refused() {
    let truncated = Err(MultipartError::Truncated);
    for body in [
        "",
        "--b",
        "--b--",
        "--b\r\n",
        "--b\r\n\r\n",
        "--b\r\n\r\nx\r\n--b",
        "--b\r\n\r\nx\r\n--b\r\n",
        "--b\r\n\r\nx--b--",
        "--b\n\nx\n--b--",
    ] {
        assert_eq!(whole(body), truncated, "{body:?}");
    }
    for body in [
        "--b\r\nx\r\n\r\n",
        "--b\r\nx:1\r\nX:2\r\n\r\n",
        "--b\r\nx:1\r\n--b\r\ny:2\r\n\r\n",
        "--b\r\n x:1\r\n\r\n",
        "--b\r\n: 1\r\n\r\n",
    ] {
        assert_eq!(whole(body), Err(MultipartError::Headers(0)), "{body:?}");
    }
    let long = format!("--b\r\nx:{}\r\n\r\n\r\n--b--", "y".repeat(MAX_HEADERS));
    assert_eq!(whole(&long), Err(MultipartError::Headers(0)));
    let many = format!("--b{}\r\n--b--", "\r\n\r\n\r\n--b".repeat(MAX_PARTS + 1));
    assert_eq!(whole(&many), Err(MultipartError::TooMany));
}

#[test]
fn white_space_without_end_after_a_boundary_is_not_held_back_for_ever() {
    let mut splitter = Splitter::new("b");
    let mut seen = 0;
    let mut take = |event: Event<'_>| {
        if let Event::Content(bytes) = event {
            seen += bytes.len();
        }
        Ok::<_, MultipartError>(())
    };
    splitter.feed(b"--b\r\n\r\n\r\n--b", &mut take).unwrap();
    splitter.feed(&[b' '; 10_000], &mut take).unwrap();
    assert!(splitter.held.len() <= MAX_PADDING + 10);
    assert!(seen > 8_000);
}

fn boundaries() -> impl Strategy<Value = String> {
    "[a-z0-9'()+_,./:=?-]{1,20}"
}

/// Content that is full of line breaks, dashes and beginnings of the boundary, and has no boundary in it.
fn contents(boundary: String) -> impl Strategy<Value = Vec<u8>> {
    let begun = (0..=boundary.len()).prop_map({
        let boundary = boundary.clone();
        move |length| format!("\r\n--{}", &boundary[..length]).into_bytes()
    });
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20),
        Just(b"\r\n".to_vec()),
        Just(b"--".to_vec()),
        Just(b"\r".to_vec()),
        begun,
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()).prop_filter(
        "no boundary in the content",
        move |content| {
            let delimiter = format!("\r\n--{boundary}");
            let closed = [b"\r\n".as_slice(), content, delimiter.as_bytes()].concat();
            find(&closed[..closed.len() - 1], delimiter.as_bytes()).is_none()
        },
    )
}

fn bodies() -> impl Strategy<Value = (String, Vec<Sent>)> {
    boundaries().prop_flat_map(|boundary| {
        let headers = prop::collection::btree_map("[a-z]{1,8}", "[!-~]{0,12}", 0..3)
            .prop_map(|headers| headers.into_iter().collect::<Vec<_>>());
        let parts = prop::collection::vec((headers, contents(boundary.clone())), 1..5);
        (Just(boundary), parts)
    })
}

proptest! {
    #[test]
    fn any_content_survives_in_whatever_pieces_it_arrives(
        (boundary, sent) in bodies(), cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let parts = split(&written(&sent, &boundary), &boundary, &cuts).unwrap();
        let plain = |(headers, content): (Headers, Vec<u8>)| (headers.0, content);
        prop_assert_eq!(parts.into_iter().map(plain).collect::<Vec<_>>(), sent);
    }

    #[test]
    fn a_body_cut_short_is_never_taken_for_a_whole_one((boundary, sent) in bodies(), cut in any::<prop::sample::Index>()) {
        let body = written(&sent, &boundary);
        let closed = body.len() - 2;
        prop_assert!(split(&body[..cut.index(closed)], &boundary, &[]).is_err());
    }

    #[test]
    fn nothing_panics_and_the_pieces_make_no_difference(
        body in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'b'), Just(b':'), Just(b' '), any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        prop_assert_eq!(split(&body, "b", &cuts), split(&body, "b", &[]));
    }

    #[test]
    fn reading_a_content_type_never_panics(text in "(multipart/mixed)?.{0,40}") {
        let _ = boundary(&text);
    }
}
