use super::*;

#[test]
fn errors_name_the_unsupported_part() {
    let json = byte_level::json();
    let size = byte_level::TOKENS;
    let replaced = |from: &str, to: &str| {
        let other = json.replace(from, to);
        assert!(other != json);
        from_json(&other, size)
    };
    assert_fails(replaced("\"BPE\"", "\"Unigram\""), "the type \"Unigram\"");
    assert_fails(replaced("\"type\":\"Split\"", "\"type\":\"WhitespaceSplit\""), "WhitespaceSplit");
    assert_fails(replaced("\"Isolated\"", "\"MergedWithNext\""), "MergedWithNext");
    assert_fails(
        replaced("continuing_subword_prefix\":null", "continuing_subword_prefix\":\"##\""),
        "prefix",
    );
    assert_fails(replaced("\"?\",\"~\"", "\"~\",\"~\""), "\"~~\" is not a token");
    // Longer than all tokens; the crate does not expect that.
    assert_fails(replaced("[\"?\",\"~\"]", "[\"ĠtheĠthe\",\"ĠtheĠthe\"]"), "is not a token");
    assert_fails(replaced("[\"?\",\"~\"]", "[\"Ġthe\",\"Ġthe\"]"), "is not a token");
    assert_fails(replaced("[\"?\",\"~\"]", "\"?~\""), "\"?~\" is not a pair");
    assert_fails(replaced("\"?~\":261", "\"?~\":260"), "two tokens have the number 260");
    assert_fails(replaced("(?i:", "(?i"), "the pattern");
    assert_fails(replaced("(?i:", &"(?i:".repeat(2000)), "a pattern has");
    assert_fails(replaced("(?i:", &"(".repeat(300)), "the pattern");

    let unigram = pieces::model();
    let trainer = unigram.windows(2).rposition(|two| two == [3 << 3, 2]).unwrap();
    let mut other = unigram.clone();
    other[trainer + 1] = 1;
    assert_fails(from_model(&other, pieces::TOKENS), "the type unigram");
    assert_fails(from_model(b"", 400), "SentencePiece");
    assert_fails(from_model(b"version https://git-lfs.github.com/spec/v1\n", 400), "line 1");
    assert_fails(
        open_meta(Path::new("/nowhere/tokenizer.model"), 400, None),
        "/nowhere/tokenizer.model: ",
    );

    let mut arrays = pieces::gguf();
    arrays.scores.pop();
    assert_fails(from_gguf(arrays.clone(), 400), "scores has 363 values for 364 tokens");
    arrays.model = "bert";
    assert_fails(from_gguf(arrays, 400), "tokenizer.ggml.model is \"bert\"");
}

/// Reading a pipe could block.
#[test]
fn only_regular_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tokenizer.json")).unwrap();
    assert_fails(open_huggingface(folder.path(), 400, None), "tokenizer.json: not a regular file");
}

/// Text must not grow with each step that a file names.
#[test]
fn the_number_of_steps_is_limited() {
    let json = byte_level::json();
    let bytes = r#"{"type":"ByteLevel","use_regex":false}"#;
    let digits = r#"{"type":"Digits"}"#;
    let normalizers = |part: &str, count: usize| {
        let parts = vec![part; count].join(",");
        let sequence = format!(r#""normalizer":{{"type":"Sequence","normalizers":[{parts}]}}"#);
        from_json(&json.replace("\"normalizer\":null", &sequence), byte_level::TOKENS)
    };
    let cutting = |part: &str, count: usize| {
        let parts = format!("\"pretokenizers\":[{}", format!("{part},").repeat(count));
        from_json(&json.replace("\"pretokenizers\":[", &parts), byte_level::TOKENS)
    };
    // The file has a pattern and letters of its own.
    assert!(cutting(digits, 30).is_ok());
    assert_fails(cutting(digits, 31), "more than 32 steps");
    for count in [1, 40] {
        assert_fails(cutting(bytes, count), "more than once");
        assert_fails(normalizers(bytes, count), "more than once");
    }
    let spaces = r#"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#;
    assert_fails(normalizers(spaces, 1000), "more than 32 steps");
}

/// A damaged file gives an error or a tokenizer that cuts text.
#[test]
fn damaged_files_do_not_panic() {
    let files = [
        ("tokenizer.json", byte_level::json().into_bytes(), byte_level::TOKENS),
        ("tokenizer.json", pieces::json(Spaces::Metaspace).into_bytes(), pieces::TOKENS),
        ("tokenizer.model", byte_level::tiktoken().into_bytes(), byte_level::TOKENS),
        ("tokenizer.model", pieces::model(), pieces::TOKENS),
    ];
    let texts = texts();
    let mut random = Random::new(7);
    let mut random = |below: usize| random.below(below as u64) as usize;
    let (mut opened, mut refused) = (0, 0);
    for (name, bytes, size) in &files {
        for round in 0..150 {
            let mut damaged = bytes.clone();
            if round % 3 == 0 {
                damaged.truncate(random(bytes.len()));
            }
            for _ in 0..round % 4 {
                let at = random(damaged.len().max(1));
                if let Some(byte) = damaged.get_mut(at) {
                    *byte = random(256) as u8;
                }
            }
            match folder(&[(name, &damaged)], *size, None) {
                Ok((vocabulary, tokenizer)) => {
                    opened += 1;
                    for text in &texts[120..] {
                        let tokens = tokenizer.tokens(text);
                        assert!(tokens.iter().all(|&token| (token as usize) < vocabulary.len()));
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().contains(name), "{error}");
                }
            }
        }
    }
    assert!(opened > 60 && refused > 180, "{opened} {refused}");
}

#[test]
fn damaged_arrays_do_not_panic() {
    let mut random = Random::new(3);
    let mut random = |below: usize| random.below(below as u64) as usize;
    let mut opened = 0;
    for round in 0..200 {
        let mut arrays = if round % 2 == 0 { byte_level::gguf() } else { pieces::gguf() };
        let size = arrays.tokens.len();
        let at = random(size);
        match random(7) {
            0 => arrays.types[at] = random(9) as i32 - 1,
            1 => arrays.tokens[at] = arrays.tokens[random(size)].clone(),
            2 => arrays.tokens[at] = "€\0".repeat(random(2000)),
            3 => {
                arrays.merges.push(format!("{} {}", arrays.tokens[at], arrays.tokens[random(size)]))
            }
            4 => arrays.scores.iter_mut().take(at).for_each(|score| *score = f32::NAN),
            5 => arrays.tokens.truncate(at),
            _ => arrays.beginning = (at * random(3)) as u32,
        }
        if let Ok((_, tokenizer)) = from_gguf(arrays, size) {
            opened += 1;
            texts().iter().for_each(|text| drop(tokenizer.tokens(text)));
        }
    }
    assert!(opened > 40, "{opened}");
}
