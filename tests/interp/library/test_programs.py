"""What authors write with torch, transformers and data sets: each case ends with a tensor whose shape is followed."""

# ruff: noqa: E501 - a case is easier to read on one line

from __future__ import annotations

from textwrap import dedent

import pytest

from shapecheck import checks, flow, interp
from shapecheck.source import Source

HEAD = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"

CASES = {
    "len tokenizer": (
        """
        from transformers import AutoTokenizer, BertConfig, BertModel
        tok = AutoTokenizer.from_pretrained("bert-base-uncased")
        y = nn.Embedding(len(tok), 16).weight
        """,
        "(30522, 16)",
    ),
    "vocab_size attr": (
        """
        from transformers import AutoTokenizer
        tok = AutoTokenizer.from_pretrained("roberta-base")
        y = torch.zeros(tok.vocab_size, tok.model_max_length)
        """,
        "(50265, 512)",
    ),
    "config attr map": (
        """
        from transformers import AutoConfig, GPT2Config, DistilBertConfig, T5Config, BartConfig
        a = AutoConfig.from_pretrained("gpt2"); b = AutoConfig.from_pretrained("distilbert-base-uncased"); c = AutoConfig.from_pretrained("t5-small"); d = AutoConfig.from_pretrained("facebook/bart-base")
        y = torch.zeros(a.hidden_size, a.n_embd, a.num_hidden_layers, b.dim, b.hidden_size, c.d_model, c.hidden_size, d.hidden_size)
        """,
        "(768, 768, 12, 768, 768, 512, 512, 768)",
    ),
    "model config": (
        """
        from transformers import AutoModel
        m = AutoModel.from_pretrained("roberta-large")
        y = nn.Linear(m.config.hidden_size, 4)(m(input_ids=torch.zeros(2, 7, dtype=torch.long)).last_hidden_state[:, 0])
        """,
        "(2, 4)",
    ),
    "from_config num_labels": (
        """
        from transformers import AutoConfig, AutoModelForSequenceClassification
        cfg = AutoConfig.from_pretrained("bert-base-uncased", num_labels=5)
        m = AutoModelForSequenceClassification.from_config(cfg)
        y = m(torch.zeros(2, 7, dtype=torch.long), labels=torch.zeros(2, dtype=torch.long)).logits
        """,
        "(2, 5)",
    ),
    "tuple output unpack": (
        """
        from transformers import BertModel
        m = BertModel.from_pretrained("bert-base-uncased", return_dict=False)
        h, p = m(torch.zeros(2, 7, dtype=torch.long))
        y = torch.cat([h[:, 0], p], -1)
        """,
        "(2, 1536)",
    ),
    "to_tuple keys index": (
        """
        from transformers import BertModel
        m = BertModel.from_pretrained("bert-base-uncased", add_pooling_layer=False)
        o = m(torch.zeros(2, 7, dtype=torch.long), output_hidden_states=True)
        y = torch.stack(o.hidden_states[-4:]).mean(0) + o[0] + o["last_hidden_state"] + o.to_tuple()[0]
        """,
        "(2, 7, 768)",
    ),
    "submodules": (
        """
        from transformers import BertForSequenceClassification
        m = BertForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=3)
        y = torch.zeros(m.classifier.in_features, m.classifier.out_features, m.bert.config.hidden_size, m.get_input_embeddings().weight.shape[1], m.get_input_embeddings().num_embeddings)
        """,
        "(768, 3, 768, 768, 30522)",
    ),
    "resize": (
        """
        from transformers import AutoModel, AutoTokenizer
        tok = AutoTokenizer.from_pretrained("bert-base-uncased"); tok.add_tokens(["<ent>", "</ent>"])
        m = AutoModel.from_pretrained("bert-base-uncased"); m.resize_token_embeddings(len(tok))
        y = m.get_input_embeddings().weight
        """,
        "(30524, 768)",
    ),
    "tokenizer pairs offsets": (
        """
        from transformers import AutoTokenizer
        tok = AutoTokenizer.from_pretrained("bert-base-uncased")
        e = tok(["a", "b"], ["c", "d"], padding="max_length", truncation=True, max_length=16, return_tensors="pt", return_offsets_mapping=True)
        y = e["offset_mapping"] + e.token_type_ids.unsqueeze(-1)
        """,
        "(2, 16, 2)",
    ),
    "generate": (
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer
        tok = AutoTokenizer.from_pretrained("gpt2")
        m = AutoModelForCausalLM.from_pretrained("gpt2")
        e = tok("hello", return_tensors="pt")
        out = m.generate(**e, max_new_tokens=20)
        y = m(out).logits[:, -1]
        """,
        "(1, 50257)",
    ),
    "pipeline feature": (
        """
        from transformers import pipeline
        p = pipeline("feature-extraction", model="bert-base-uncased")
        y = torch.tensor(p("hello")).mean(1)
        """,
        "(1, 768)",
    ),
    "sentence encode": (
        """
        from sentence_transformers import SentenceTransformer
        m = SentenceTransformer("all-MiniLM-L6-v2")
        e = m.encode(["a", "b", "c"], convert_to_tensor=True)
        y = nn.Linear(m.get_sentence_embedding_dimension(), 2)(e)
        """,
        "(3, 2)",
    ),
    "processor vision": (
        """
        from transformers import AutoImageProcessor, ViTModel
        p = AutoImageProcessor.from_pretrained("google/vit-base-patch16-224")
        m = ViTModel.from_pretrained("google/vit-base-patch16-224")
        x = p(images=[img1, img2], return_tensors="pt")
        y = m(**x).last_hidden_state
        """,
        "(2, 197, 768)",
    ),
    "clip": (
        """
        from transformers import CLIPModel, CLIPProcessor
        m = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
        p = CLIPProcessor.from_pretrained("openai/clip-vit-base-patch32")
        x = p(text=["a", "b"], images=[i1], return_tensors="pt", padding=True)
        o = m(**x)
        y = nn.Linear(m.config.projection_dim, 2)(o.text_embeds)
        """,
        "(?, 2)",
    ),
    "wav2vec": (
        """
        from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2Model
        f = Wav2Vec2FeatureExtractor.from_pretrained("facebook/wav2vec2-base")
        m = Wav2Vec2Model.from_pretrained("facebook/wav2vec2-base")
        o = m(torch.zeros(2, 16000))
        y = nn.Linear(m.config.hidden_size, 3)(o.last_hidden_state.mean(1))
        """,
        "(2, 3)",
    ),
    "dtype torch_dtype": (
        """
        from transformers import AutoModel
        m = AutoModel.from_pretrained("bert-base-uncased", torch_dtype=torch.float16)
        y = m(torch.zeros(2, 7, dtype=torch.long)).last_hidden_state
        """,
        "(2, 7, 768)",
    ),
    "packed": (
        """
        from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
        x = pad_sequence([torch.zeros(3, 8), torch.zeros(5, 8)], batch_first=True)
        p = pack_padded_sequence(x, torch.tensor([5, 3]), batch_first=True, enforce_sorted=False)
        o, (h, c) = nn.LSTM(8, 6, bidirectional=True, batch_first=True)(p)
        o, lengths = pad_packed_sequence(o, batch_first=True, total_length=5)
        y = o + torch.cat([h[-2], h[-1]], -1).unsqueeze(1)
        """,
        "(2, 5, 12)",
    ),
    "boolean masks": (
        """
        x = torch.randn(4, 6, 8)
        m = torch.zeros(4, 6, dtype=torch.bool)
        y = nn.Linear(8, 2)(x[m]).masked_fill(torch.tensor(True), 0)
        x[~m] = 0
        """,
        "(?, 2)",
    ),
    "tensordataset loader": (
        """
        from torch.utils.data import TensorDataset, DataLoader, random_split
        ds = TensorDataset(torch.randn(100, 8), torch.zeros(100))
        tr, va = random_split(ds, [80, 20])
        for i, (a, b) in enumerate(DataLoader(tr, batch_size=16, drop_last=True)):
            y = nn.Linear(8, 1)(a).squeeze(-1) + b
        """,
        "(16,)",
    ),
    "next iter dict comp": (
        """
        from torch.utils.data import Dataset, DataLoader
        class D(Dataset):
            def __len__(self): return 64
            def __getitem__(self, i): return {"x": torch.zeros(3, 5), "l": i, "t": "text"}
        dl = DataLoader(D(), batch_size=8)
        b = next(iter(dl))
        b = {k: v.to("cpu") if hasattr(v, "to") else v for k, v in b.items() if k != "t"}
        y = b["x"].flatten(1) + b["l"].unsqueeze(1)
        """,
        "(8, 15)",
    ),
    "collate_fn tqdm": (
        """
        from tqdm import tqdm
        from torch.utils.data import DataLoader
        from torch.nn.utils.rnn import pad_sequence
        def collate(rows):
            xs, ls = zip(*rows)
            return pad_sequence(xs, batch_first=True), torch.tensor(ls)
        data = [(torch.zeros(3, 4), 1), (torch.zeros(5, 4), 0)]
        for x, l in tqdm(DataLoader(data, batch_size=2, collate_fn=collate)):
            y = x.mean(1)
        """,
        "(2, 4)",
    ),
    "hf datasets": (
        """
        from datasets import load_dataset
        from transformers import AutoTokenizer, DataCollatorWithPadding, AutoModel
        from torch.utils.data import DataLoader
        tok = AutoTokenizer.from_pretrained("bert-base-uncased")
        ds = load_dataset("imdb")
        def enc(ex): return tok(ex["text"], truncation=True, padding="max_length", max_length=64)
        ds = ds.map(enc, batched=True).rename_column("label", "labels")
        ds.set_format("torch", columns=["input_ids", "attention_mask", "labels"])
        m = AutoModel.from_pretrained("bert-base-uncased")
        for b in DataLoader(ds["train"], batch_size=8, drop_last=True):
            y = m(b["input_ids"], b["attention_mask"]).pooler_output
        """,
        "(8, 768)",
    ),
    "hf collator": (
        """
        from datasets import Dataset
        from transformers import AutoTokenizer, DataCollatorWithPadding, AutoModel
        from torch.utils.data import DataLoader
        tok = AutoTokenizer.from_pretrained("bert-base-uncased")
        ds = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}).map(lambda e: tok(e["text"], truncation=True), remove_columns=["text"]).with_format("torch")
        m = AutoModel.from_pretrained("bert-base-uncased")
        for b in DataLoader(ds, batch_size=2, collate_fn=DataCollatorWithPadding(tok)):
            l = b.pop("labels")
            y = m(**b).last_hidden_state[:, 0]
        """,
        "(2, 768)",
    ),
    "trainer subclass": (
        """
        from transformers import Trainer, TrainingArguments, AutoModelForSequenceClassification
        model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=3)
        y = torch.zeros(1)
        class T(Trainer):
            def compute_loss(self, model, inputs, return_outputs=False, **kw):
                labels = inputs.pop("labels")
                out = model(**inputs)
                loss = F.cross_entropy(out.logits.view(-1, 3), labels.view(-1))
                return (loss, out) if return_outputs else loss
        def compute_metrics(p):
            preds = p.predictions.argmax(-1)
            return {"acc": (preds == p.label_ids).mean()}
        T(model=model, args=TrainingArguments("out"), compute_metrics=compute_metrics).train()
        """,
        "(1,)",
    ),
    "lightning fit": (
        """
        import lightning as L
        from torch.utils.data import DataLoader, TensorDataset
        class M(L.LightningModule):
            def training_step(self, batch, i):
                self.seen = batch[0]
            def validation_step(self, batch, i):
                self.checked = batch[0]
            def on_validation_epoch_end(self):
                self.ended = torch.zeros(9)
        m = M()
        data = TensorDataset(torch.zeros(8, 6))
        L.Trainer().fit(m, DataLoader(data, batch_size=4), DataLoader(data, batch_size=2))
        y = torch.cat([m.seen, m.checked]), m.ended
        y = y[0] + 0 * y[1].mean()
        """,
        "(6, 6)",
    ),
    "lightning datamodule predicts": (
        """
        import pytorch_lightning as pl
        from torch.utils.data import DataLoader
        class Data(pl.LightningDataModule):
            def setup(self, stage):
                self.rows = torch.zeros(8, 6)
            def predict_dataloader(self):
                return DataLoader(self.rows, batch_size=4)
        class M(pl.LightningModule):
            def predict_step(self, batch):
                return batch.mean(1)
        y = torch.stack([part for part in pl.Trainer().predict(M(), datamodule=Data())][:1])[0]
        """,
        "(4,)",
    ),
    "the longest row": (
        """
        from transformers import AutoTokenizer
        tok = AutoTokenizer.from_pretrained("gpt2")
        rows = [tok(t)["input_ids"] for t in open("texts.txt")]
        width = max(len(r) for r in rows)
        y = torch.zeros(2, width, 3)[:, 1:].flatten(1)
        """,
        "(2, 3*length - 3)",
    ),
    "numpy generator": (
        """
        import numpy as np
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(8, 5)), rng.integers(0, 12, size=8)
        y = torch.cat([torch.from_numpy(a), torch.from_numpy(b)[:, None]], 1)
        """,
        "(8, 6)",
    ),
    "lightning": (
        """
        import pytorch_lightning as pl
        class L(pl.LightningModule):
            def __init__(self, width=8, out=3):
                super().__init__()
                self.save_hyperparameters()
                self.fc = nn.Linear(self.hparams.width, self.hparams.out)
            def training_step(self, batch, i):
                x, t = batch
                return F.cross_entropy(self(x), t)
            def forward(self, x): return self.fc(x)
        y = L(width=6)(torch.zeros(2, 6))
        """,
        "(2, 3)",
    ),
    "lightning hparams arg": (
        """
        import lightning as L
        class M(L.LightningModule):
            def __init__(self, hidden, **kw):
                super().__init__()
                self.save_hyperparameters()
                self.fc = nn.Linear(4, hidden)
                self.out = nn.Linear(self.hparams["hidden"], 2)
            def forward(self, x): return self.out(self.fc(x))
        y = M(9)(torch.zeros(2, 4))
        """,
        "(2, 2)",
    ),
    "pretrained subclass": (
        """
        from transformers import BertPreTrainedModel, BertModel, BertConfig
        class My(BertPreTrainedModel):
            def __init__(self, config, extra=4):
                super().__init__(config)
                self.bert = BertModel(config)
                self.out = nn.Linear(config.hidden_size + extra, config.num_labels)
                self.post_init()
            def forward(self, input_ids, feats, attention_mask=None):
                p = self.bert(input_ids, attention_mask=attention_mask)[1]
                return self.out(torch.cat([p, feats], 1))
        m = My.from_pretrained("bert-base-uncased", num_labels=6)
        y = m(torch.zeros(2, 7, dtype=torch.long), torch.zeros(2, 4))
        """,
        "(2, 6)",
    ),
    "config class own": (
        """
        from transformers import PretrainedConfig, PreTrainedModel
        class C(PretrainedConfig):
            def __init__(self, width=12, **kw):
                self.width = width
                super().__init__(**kw)
        class M(PreTrainedModel):
            config_class = C
            def __init__(self, config):
                super().__init__(config)
                self.fc = nn.Linear(config.width, config.num_labels)
            def forward(self, x): return self.fc(x)
        y = M(C(num_labels=4))(torch.zeros(2, 12))
        """,
        "(2, 4)",
    ),
    "einops": (
        """
        from einops import rearrange, reduce, repeat
        from einops.layers.torch import Rearrange
        x = rearrange(torch.zeros(2, 3, 8, 8), "b c (h p) (w q) -> b (h w) (c p q)", p=4, q=4)
        y = nn.Sequential(nn.Linear(48, 5), Rearrange("b n d -> b (n d)"))(x) + repeat(reduce(x, "b n d -> b", "mean"), "b -> b k", k=20)
        """,
        "(2, 20)",
    ),
    "numpy roundtrip": (
        """
        import numpy as np
        a = torch.zeros(2, 3).detach().cpu().numpy()
        b = np.concatenate([a, a], axis=1)
        y = torch.from_numpy(b).float()
        """,
        "(2, 6)",
    ),
    "word ids": (
        """
        from transformers import AutoTokenizer
        tok = AutoTokenizer.from_pretrained("bert-base-cased")
        e = tok([["a", "b"]], is_split_into_words=True, return_tensors="pt", padding="max_length", truncation=True, max_length=12)
        w = e.word_ids(0)
        labels = torch.tensor([[-100 if i is None else i for i in w]])
        y = e["input_ids"] + labels
        """,
        "(1, 12)",
    ),
    "peft lora": (
        """
        from peft import get_peft_model, LoraConfig
        from transformers import AutoModelForSequenceClassification
        m = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=2)
        m = get_peft_model(m, LoraConfig(r=8))
        y = m(input_ids=torch.zeros(2, 5, dtype=torch.long)).logits
        """,
        "(2, 2)",
    ),
    "accelerator prepare": (
        """
        from accelerate import Accelerator
        acc = Accelerator()
        m = nn.Linear(4, 2)
        opt = torch.optim.Adam(m.parameters())
        m, opt = acc.prepare(m, opt)
        y = m(torch.zeros(3, 4))
        """,
        "(3, 2)",
    ),
    "dataparallel": (
        """
        m = nn.DataParallel(nn.Linear(4, 2)).cuda()
        y = m.module(m(torch.zeros(3, 4)) @ torch.zeros(2, 4))
        """,
        "(3, 2)",
    ),
    "a vision model with fewer stages": (
        """
        from transformers import ResNetConfig, ResNetModel
        config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
        y = ResNetModel(config)(torch.rand(2, 3, 64, 64)).last_hidden_state
        """,
        "(2, 16, ?, ?)",
    ),
    "a vision model with the usual stages": (
        """
        from transformers import ResNetModel
        y = ResNetModel.from_pretrained("microsoft/resnet-50")(torch.rand(2, 3, 64, 64)).last_hidden_state
        """,
        "(2, 2048, 2, 2)",
    ),
    "an index that counts the rows": (
        """
        h = torch.zeros(int(input()), 9, 768)
        last = torch.zeros(h.size(0), dtype=torch.long)
        y = torch.stack([row for row in h[range(len(last)), last]])
        """,
        "(?, 768)",
    ),
    "torchvision": (
        """
        import torchvision.models as models
        r = models.resnet18(weights=None)
        r.fc = nn.Linear(r.fc.in_features, 10)
        y = r(torch.zeros(2, 3, 224, 224))
        """,
        "(2, 10)",
    ),
    "conv1d text": (
        """
        x = torch.zeros(4, 20, 300)
        convs = nn.ModuleList([nn.Conv1d(300, 100, k) for k in (3, 4, 5)])
        y = torch.cat([F.relu(c(x.transpose(1, 2))).max(dim=-1)[0] for c in convs], 1)
        """,
        "(4, 300)",
    ),
    "mha masks transformer": (
        """
        x = torch.zeros(10, 4, 32)
        enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4), 2)
        mask = nn.Transformer.generate_square_subsequent_mask(10)
        h = enc(x, mask=mask)
        a, w = nn.MultiheadAttention(32, 4, batch_first=True)(h.transpose(0, 1), h.transpose(0, 1), h.transpose(0, 1))
        y = a + w.sum()
        """,
        "(4, 10, 32)",
    ),
    "yield loader in func": (
        """
        from torch.utils.data import DataLoader, Dataset
        class D(Dataset):
            def __init__(self, n): self.x = torch.randn(n, 3, 32, 32); self.y = torch.randint(0, 10, (n,))
            def __len__(self): return len(self.x)
            def __getitem__(self, i): return self.x[i], self.y[i]
        def loaders(bs=8, **kw):
            return {s: DataLoader(D(64), batch_size=bs, drop_last=True, **kw) for s in ("train", "val")}
        for phase in ["train", "val"]:
            for x, t in loaders()[phase]:
                y = x.view(x.size(0), -1)[torch.arange(t.size(0)), t % 3]
        """,
        "(8,)",
    ),
    "dataclass model config": (
        """
        from dataclasses import dataclass
        @dataclass
        class ModelArgs:
            dim: int = 64
            n_heads: int = 4
            @property
            def head_dim(self): return self.dim // self.n_heads
        class Attn(nn.Module):
            def __init__(self, args: ModelArgs):
                super().__init__()
                self.args = args
                self.qkv = nn.Linear(args.dim, 3 * args.dim)
            def forward(self, x):
                b, t, c = x.shape
                q, k, v = self.qkv(x).split(self.args.dim, dim=2)
                q, k, v = (z.view(b, t, self.args.n_heads, self.args.head_dim).transpose(1, 2) for z in (q, k, v))
                out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
                return out.transpose(1, 2).contiguous().view(b, t, c)
        y = Attn(ModelArgs(dim=32))(torch.zeros(2, 5, 32))
        """,
        "(2, 5, 32)",
    ),
    "optional arg none": (
        """
        class M(nn.Module):
            def __init__(self, proj=None):
                super().__init__()
                self.proj = nn.Linear(8, proj) if proj is not None else nn.Identity()
            def forward(self, x, mask=None):
                if mask is not None:
                    x = x * mask.unsqueeze(-1)
                return self.proj(x)
        y = M()(torch.zeros(2, 3, 8), torch.ones(2, 3)) + M(8)(torch.zeros(2, 3, 8))
        """,
        "(2, 3, 8)",
    ),
    "dict dispatch lambda": (
        """
        acts = {"relu": nn.ReLU, "gelu": nn.GELU}
        pools = {"mean": lambda h: h.mean(1), "cls": lambda h: h[:, 0]}
        y = acts["gelu"]()(pools["cls"](torch.zeros(2, 3, 8)))
        """,
        "(2, 8)",
    ),
    "static config class attrs": (
        """
        class CFG:
            hidden = 16
            layers = 2
            bs = hidden // 4
        class M(nn.Module):
            def __init__(self, cfg=CFG):
                super().__init__()
                self.l = nn.LSTM(cfg.hidden, cfg.hidden * 2, cfg.layers, batch_first=True)
            def forward(self, x): return self.l(x)[1][0]
        y = M()(torch.zeros(CFG.bs, 7, CFG.hidden))
        """,
        "(2, 4, 32)",
    ),
    "json config file unknown": (
        """
        import json
        with open("c.json") as f:
            cfg = json.load(f)
        y = nn.Linear(cfg["in"], 4)(torch.zeros(2, 8))
        """,
        "(2, 4)",
    ),
    "os environ default": (
        """
        import os
        n = int(os.environ.get("N", 8))
        k = int(os.getenv("K", "3"))
        y = torch.zeros(2, 8)
        """,
        "(2, 8)",
    ),
    "contextmanager with tuple": (
        """
        from contextlib import contextmanager, nullcontext
        @contextmanager
        def timer(name):
            yield name
        with timer("x") as t, torch.no_grad(), nullcontext():
            y = torch.zeros(2, 3)
        """,
        "(2, 3)",
    ),
    "multi assign swap aug": (
        """
        a = b = torch.zeros(2, 3)
        a, b = b.t(), a
        a @= torch.zeros(2, 2) if False else torch.zeros(2, 2)
        y = a @ b
        """,
        "(3, 3)",
    ),
    "functional string join": (
        """
        name = "-".join(["bert", "base", "uncased"])
        from transformers import AutoModel
        y = AutoModel.from_pretrained(f"{name}").embeddings.word_embeddings.weight
        """,
        "(30522, 768)",
    ),
    "class registry getattr nn": (
        """
        layer = getattr(nn, "Linear")(4, 5)
        act = getattr(torch, "relu")
        y = act(layer(torch.zeros(2, 4)))
        """,
        "(2, 5)",
    ),
    "bucket list mult": (
        """
        blocks = [64] * 3 + [128]
        layers = []
        c = 3
        for i, w in enumerate(blocks):
            layers += [nn.Conv2d(c, w, 3, padding=1, stride=2 if i % 2 else 1), nn.ReLU(inplace=True)]
            c = w
        y = nn.Sequential(*layers)(torch.zeros(1, 3, 16, 16))
        """,
        "(1, 128, 4, 4)",
    ),
}


@pytest.mark.parametrize(("text", "shape"), CASES.values(), ids=CASES.keys())
def test_the_shape_is_followed(text: str, shape: str) -> None:
    whole = f"{HEAD}{dedent(text)}\ny\n"
    graph, seen = interp.watch(Source("script.py", whole))
    last = len(whole.splitlines())
    (found,) = (one for span, one in seen.items() if span.line == last)
    assert [str(tensor.shape) for tensor in found.tensors] == [shape]
    flow.annotate(graph, {"script.py": whole}.get)
    assert checks.run(graph) == []
